/* For those who work by keyboard or listen to the screen: the focus stays where it was when a part of the page is drawn anew, a menu
takes it when it opens, and what changed in the open case is said. */
import { all, one, openCase } from "./page.js";

const ABLE = "button:not([disabled]), a[href], input:not([type=hidden]), select, textarea, [tabindex='0']";
let last = null;
let shown = null;

const status = () => one("#case-head .facts b")?.textContent ?? "";
const entries = () => all("#timeline > .entry");
const quoted = (name, value) => `[${name}="${CSS.escape(value)}"]`;

function say(words) {
  one("#spoken").textContent = words;
}

/* How an element is found again among those that take its place. */
function traces(element) {
  const { id, name, value, dataset } = element;
  const found = [id && `#${CSS.escape(id)}`, dataset?.key && quoted("data-key", dataset.key), name && value && `${quoted("name", name)}${quoted("value", value)}`];
  return found.filter(Boolean);
}

function boxesOf(element) {
  const found = [];
  for (let box = element.parentElement?.closest("[id]"); box; box = box.parentElement?.closest("[id]")) found.push(box.id);
  return found;
}

function keepFocus() {
  if (!last || last.element.isConnected || document.activeElement !== document.body) return;
  const { traces: wanted, boxes } = last;
  const box = boxes.map((id) => document.getElementById(id)).find(Boolean);
  last = null;
  if (!box) return;
  const again = wanted.map((trace) => one(trace, box)).find((element) => element?.checkVisibility()) ?? all(ABLE, box).find((element) => element.checkVisibility());
  again?.focus({ preventScroll: true });
}

/* Of the open case: that it was opened, that its status changed, that its customer wrote. */
function tell() {
  const now = { key: openCase(), status: status(), last: entries().at(-1)?.id ?? "" };
  const before = shown;
  shown = now;
  if (!before || !now.key) return;
  if (before.key !== now.key) { say(`Opened: ${one("#case-head h2")?.textContent ?? ""}`); return; }
  const place = entries().findIndex((entry) => entry.id === before.last);
  const theirs = place < 0 ? [] : entries().slice(place + 1).filter((entry) => entry.dataset.theirs !== undefined);
  if (theirs.length) say(`New message from ${one(".entry__who", theirs.at(-1))?.textContent ?? "the customer"}`);
  else if (before.status !== now.status && now.status) say(`The case is now: ${now.status}`);
}

document.addEventListener("focusin", ({ target }) => { last = { element: target, traces: traces(target), boxes: boxesOf(target) }; });
document.addEventListener("toggle", ({ target, newState }) => {
  if (newState === "open" && target.matches?.(".menu") && !target.contains(document.activeElement)) one(ABLE, target)?.focus({ preventScroll: true });
}, true);
new MutationObserver(() => { keepFocus(); tell(); }).observe(document.body, { childList: true, subtree: true });
tell();

/* The keyboard of a phone that lies over the page (Safari): the page ends above it. Elsewhere `interactive-widget` does the same. */
const seen = window.visualViewport;
seen?.addEventListener("resize", () => {
  const covered = innerHeight - seen.height * seen.scale > 120;
  one(".shell").style.blockSize = covered ? `${seen.height}px` : "";
  if (covered) scrollTo(0, 0);
});
