/* What can be done on this page, read from the page itself: an act is declared once, where it stands, and both the list of keys
and the palette know it.

`data-key="e"` on a button, link, radio or select is its key (`"S"`: with Shift), `data-key-too` another one. Every button and link inside
`data-acts="Case"` belongs to that group, with a key or without; `data-word` says it in other words, `data-no-act` leaves it
out. `data-group` only names the group of what has a key. `data-told="next, previous"` around drawn keys tells of keys that press no button. */
import { all } from "./page.js";
import { choose } from "./composer.js";
import { correctAtHand } from "./correct.js";
import { standing } from "./stream.js";

const PRESSED = "[data-key], [data-acts] button, [data-acts] a[href]";
const SILENT = ".keycaps, .n, .initials, svg";

const visible = (element) => element.checkVisibility?.() ?? true;
const closed = (element) => element.closest("[popover]:not(:popover-open)");
const groupOf = (element) => element.closest("[data-acts], [data-group]")?.dataset;
const nameOfGroup = (element) => groupOf(element)?.acts ?? groupOf(element)?.group ?? "This page";

function wordOf(element) {
  if (element.dataset.word) return element.dataset.word;
  const said = element.labels?.[0] ?? element;
  if (element.getAttribute("aria-label")) return element.getAttribute("aria-label");
  const copy = said.cloneNode(true);
  all(SILENT, copy).forEach((part) => part.remove());
  return copy.textContent.replace(/\s+/g, " ").trim();
}

/* The keys as they are drawn; what a digit chooses in a menu begins with the key that opens the menu. */
function keycapsOf(element) {
  const drawn = (element.labels?.[0] ?? element).querySelector(".keycaps") ?? element.nextElementSibling?.querySelector(":scope > .keycaps");
  const menu = element.dataset.choice && element.closest("[popover]");
  const opener = menu && document.querySelector(`[popovertarget="${menu.id}"] .keycaps`);
  if (!drawn || !menu) return drawn;
  if (!opener) return null;
  const both = opener.cloneNode(true);
  both.append(...[...drawn.children].map((key) => key.cloneNode(true)));
  return both;
}

/* Can it be pressed now? What stands in a closed menu can; what the screen is too small for, or a line of a list, cannot. */
function ready(element) {
  if (element.disabled || element.closest("[data-no-act], [inert], [hidden]")) return false;
  return element.type === "radio" || closed(element) || visible(element);
}

/* The buttons that a key presses now: in the line at hand first, in an open menu before all others. */
export function keyed(name, root = document) {
  const mark = `[data-key="${CSS.escape(name)}"], [data-key-too="${CSS.escape(name)}"]`;
  return standing()?.querySelector(`[data-line-key="${CSS.escape(name)}"]`) ?? all(mark, root).find(ready);
}

export function press(element) {
  if (element.type === "radio") choose(element);
  else if (element.localName === "select") element.focus();
  else if (element.dataset.correct) correctAtHand();
  else element.click();
}

function inLine() {
  return standing() ? all("[data-line-key]", standing()).map((element) => ({ element, group: "Message" })) : [];
}

/* Every act: `{ element, word, group, keys }`, the case's own first, then the page's. One word stands once in its group. */
export function acts() {
  const pressed = all(PRESSED).filter(ready).map((element) => ({ element, group: nameOfGroup(element) }));
  const place = ({ element }) => (element.closest("#case") ? 0 : element.closest("main") ? 1 : 2);
  const found = [...inLine(), ...pressed.toSorted((a, b) => place(a) - place(b))];
  const seen = new Set();
  return found
    .map(({ element, group }) => ({ element, group, word: wordOf(element), keys: keycapsOf(element) }))
    .filter(({ word, group }) => word && !seen.has(`${group} ${word}`) && seen.add(`${group} ${word}`));
}

/* Keys that press no button: `{ word, group, keys }`. */
export function told() {
  return all("[data-told]").filter((element) => !element.closest("[data-no-act]"))
    .map((element) => ({ word: element.dataset.told, group: nameOfGroup(element), keys: element.querySelector(".keycaps") }));
}
