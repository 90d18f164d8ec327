/* The bell, and what pops up while the page is open. A notice pops up once, however many pages hear of it: they share its tag. */
import { all, one, part, replaceById } from "./page.js";

const shown = new Set();
const may = () => "Notification" in window && Notification.permission === "granted";

function popUp(line) {
  const { popup, title, href } = line.dataset;
  if (shown.has(popup)) return;
  shown.add(popup);
  if (!may() || document.hasFocus()) return;   /* who looks at Hark sees the bell */
  const notice = new Notification(title, { body: line.textContent, tag: `hark-${popup}`, icon: "/favicon.ico" });
  notice.onclick = () => { focus(); location.assign(href); notice.close(); };
}

async function refreshBell() {
  const here = one("#bell[aria-current]") ? "notices" : "";
  const fresh = await part(`/notices/bell/?here=${here}`).catch(() => null);
  if (!fresh) return;
  replaceById(one("#bell", fresh));
  all("[data-popup]", fresh).forEach(popUp);
}

function sayWhether() {
  const words = one("[data-popups-said]");
  if (!words || !("Notification" in window)) return;
  one("[data-popups-may]").hidden = false;
  one("[data-ask-browser]").hidden = Notification.permission !== "default";
  words.textContent = { granted: "This browser shows them while a page of Hark is open.", denied: "This browser does not let Hark show them. Its settings for this site can change that.", default: "" }[Notification.permission];
}

document.addEventListener("hark:heard", (event) => { if (event.detail.kind.startsWith("notice.")) refreshBell(); });
document.addEventListener("hark:back", refreshBell);
document.addEventListener("hark:looked", () => { if (one("#bell .rail__n")) refreshBell(); });
document.addEventListener("click", async (event) => {
  if (!event.target.closest("[data-ask-browser]")) return;
  await Notification.requestPermission();
  sayWhether();
});
sayWhether();
