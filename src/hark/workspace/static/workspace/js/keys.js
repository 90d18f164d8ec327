/* Keys of the desk. A key is drawn on the button that it presses: `data-key` on the button is all it takes. */
import { all, one } from "./page.js";
import { choose } from "./composer.js";
import { correctAtHand } from "./correct.js";
import { goToSearch } from "./search.js";
import { lines, stand, standing } from "./stream.js";

const PLACES = { i: "/", s: "/stream/", p: "/parked/" };
const GO_WITHIN = 1200;
let going = 0;

const typing = (target) => target.closest?.("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]");
const visible = (element) => element.checkVisibility?.() ?? true;

function move(by) {
  const rows = all("#rows .row, #found [data-hit]").filter(visible);
  if (rows.length) {
    const here = rows.indexOf(document.activeElement.closest?.(".row, [data-hit]") ?? one("#rows .row[aria-current]"));
    const next = rows[here < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, here + by))];
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
    return;
  }
  const heard = lines();
  const here = heard.indexOf(standing());
  stand(heard[here < 0 ? 0 : Math.min(heard.length - 1, Math.max(0, here + by))]);
}

function openMenu() {
  return one("[popover]:popover-open");
}

function press(name) {
  const found = all(`[data-key="${name}"]`).find((element) => element.type === "radio" || visible(element) || element.closest("#case-menu, #more-views"));
  if (!found) return false;
  if (found.type === "radio") choose(found);
  else found.click();
  return true;
}

function inStream(name) {
  const button = one(`[data-heard-key="${name}"]`, standing() ?? document.createElement("i"));
  button?.click();
  return Boolean(button);
}

function act(name) {
  if (name === "j" || name === "k") { move(name === "j" ? 1 : -1); return true; }
  if (name === "/") { goToSearch(); return true; }
  if (name === "?") { one("#keys").showModal(); return true; }
  if (name === "c") { correctAtHand(); return true; }
  if (name === "g") { going = Date.now(); return true; }
  return lines().length ? inStream(name) : press(name);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
  if (typing(event.target) || one("dialog[open]")) return;
  const menu = openMenu();
  if (menu) {
    const choice = /^[1-9]$/.test(event.key) && one(`[data-decline="${event.key}"]`, menu);
    if (choice) { event.preventDefault(); choice.click(); }
    return;
  }
  const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (Date.now() - going < GO_WITHIN && PLACES[name]) {
    const link = one(`.rail a[href="${PLACES[name]}"]`);
    going = 0;
    if (link) { event.preventDefault(); link.click(); }
    return;
  }
  if (name.length === 1 && act(name)) event.preventDefault();
});
document.addEventListener("click", (event) => { if (event.target.closest("[data-open-keys]")) one("#keys").showModal(); });
