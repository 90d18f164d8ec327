/* Keys of the desk. What a key does is declared on what it presses (see `declared.js`); here are only those that move. */
import { all, one } from "./page.js";
import { acts, keyed, press, told } from "./declared.js";
import { lines, stand, standing } from "./stream.js";

const GO_WITHIN = 1200;
let going = 0;

const typing = (target) => target.closest?.("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]");
const openMenu = () => one("[popover]:popover-open");

/* J and K: through the lines of the stream, else through whatever list says `data-steps` with the selector of its lines. */
function move(by) {
  const heard = lines();
  if (heard.length) { stand(next(heard, standing(), by)); return; }
  const list = one("[data-steps]");
  const steps = list ? all(list.dataset.steps, list) : [];
  if (!steps.length) return;
  const here = steps.find((step) => step.contains(document.activeElement)) ?? steps.find((step) => step.matches("[aria-current]"));
  const to = next(steps, here, by);
  to.focus({ preventScroll: true });
  to.scrollIntoView({ block: "nearest" });
}

/* The line beside this one; near the end of the list more is fetched before anybody asks. */
function next(steps, here, by) {
  const place = steps.indexOf(here) < 0 ? 0 : steps.indexOf(here) + by;
  if (place >= steps.length - 3) one("a.rows__more")?.click();
  return steps[Math.min(steps.length - 1, Math.max(0, place))];
}

function pressKey(name, root = document) {
  const found = keyed(name, root);
  if (found) press(found);
  return Boolean(found);
}

function act(name) {
  if (name === "j" || name === "k") { move(name === "j" ? 1 : -1); return true; }
  if (name === "g") { going = Date.now(); return true; }
  return pressKey(name);
}

function go(name) {
  going = 0;
  one(`a[aria-keyshortcuts="G ${CSS.escape(name.toUpperCase())}"]`)?.click();
}

/* In an open menu a digit chooses, and the keys that are drawn in it press. */
function inMenu(menu, name) {
  const choice = one(`[data-choice="${CSS.escape(name)}"]`, menu);
  if (choice) { choice.click(); return true; }
  return pressKey(name, menu);
}

function nameOf(event) {
  if (event.key.length !== 1 || event.key.toLowerCase() === event.key.toUpperCase()) return event.key;
  return event.shiftKey ? event.key.toUpperCase() : event.key.toLowerCase();   /* caps lock is no Shift */
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
  if (typing(event.target) || one("dialog[open]")) return;
  const name = nameOf(event);
  const menu = openMenu();
  if (menu) { if (inMenu(menu, name)) event.preventDefault(); return; }
  if (Date.now() - going < GO_WITHIN && /^[a-z]$/.test(name)) { event.preventDefault(); go(name); return; }
  if (name.length === 1 && act(name)) event.preventDefault();
});

/* The list of keys, drawn anew whenever it is opened: what the page offers now, nothing that it does not. */
function drawKeys() {
  const groups = Map.groupBy([...told(), ...acts()].filter(({ keys }) => keys), ({ group }) => group);
  const drawn = [];
  for (const [group, rows] of groups) {
    const head = document.createElement("h3");
    head.textContent = group;
    drawn.push(head);
    for (const { word, keys } of rows) {
      const does = document.createElement("span");
      does.textContent = word;
      drawn.push(keys.cloneNode(true), does);
    }
  }
  one("[data-keys-list]").replaceChildren(...drawn);
}

export function showKeys() {
  drawKeys();
  one("#keys").showModal();
}

document.addEventListener("click", (event) => { if (event.target.closest("[data-open-keys]")) showKeys(); });
