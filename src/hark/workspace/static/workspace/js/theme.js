/* Light, dark, or like the system; kept in this browser only. `early.js` applies it before anything is painted. */
import { all } from "./page.js";

function chosen() {
  try { return localStorage.getItem("hark-theme") ?? ""; } catch { return ""; }
}

function mark() {
  for (const button of all("[data-theme-choice]")) button.setAttribute("aria-checked", String(button.dataset.themeChoice === chosen()));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-choice]");
  if (!button) return;
  const theme = button.dataset.themeChoice;
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  try { theme ? localStorage.setItem("hark-theme", theme) : localStorage.removeItem("hark-theme"); } catch { /* this page only */ }
  mark();
  button.closest("[popover]")?.hidePopover();
});
mark();
