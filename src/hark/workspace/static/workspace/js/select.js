/* Selecting lines of the list: x takes the line at hand, with Shift all up to it. A click on the button, or a selection
   that has begun, makes every further click select. */
import { all, one } from "./page.js";

const picked = new Set();
let last = "";
let shifted = false;
let picking = false;

export const selected = () => [...picked];
const rows = () => all("#rows .row");
const atHand = () => document.activeElement?.closest?.("#rows .row") ?? one("#rows .row[aria-current]") ?? one("#rows .row");

function mark(row) {
  const on = picked.has(row.dataset.row);
  row.classList.toggle("row--picked", on);
  let word = one(".row__picked", row);
  if (on && !word) { word = document.createElement("span"); word.className = "vh row__picked"; word.textContent = ", selected"; row.append(word); }
  if (!on) word?.remove();
}

function draw() {
  rows().forEach(mark);
  one("[data-select]")?.classList.toggle("button--on", picking || picked.size > 0);
  const bar = one("#bulk");
  if (!bar) return;
  bar.hidden = picked.size === 0;
  const words = `${picked.size} selected`;
  const count = one("[data-bulk-count]", bar);
  if (count.textContent !== words) count.textContent = words;
  for (const button of all("[data-merge]", bar)) button.hidden = picked.size < 2;
}

function toggle(row, range) {
  const key = row.dataset.row;
  const order = rows().map((one_) => one_.dataset.row);
  const from = order.indexOf(last);
  const here = order.indexOf(key);
  if (range && from >= 0) order.slice(Math.min(from, here), Math.max(from, here) + 1).forEach((one_) => picked.add(one_));
  else if (!picked.delete(key)) picked.add(key);
  last = key;
  draw();
}

export function clearSelection() {
  picked.clear();
  picking = false;
  draw();
}

document.addEventListener("keydown", (event) => {
  shifted = event.shiftKey;
  if (event.key === "Escape" && picked.size && !one("[popover]:popover-open") && !event.target.closest("textarea, input, dialog")) clearSelection();
}, true);
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-select]")) {
    if (event.detail) { picking = !picking; draw(); return; }   /* a finger or a mouse; keys have no detail */
    const at = atHand();
    if (at) toggle(at, shifted);
    return;
  }
  if (event.target.closest("[data-bulk-clear]")) { clearSelection(); return; }
  const row = event.target.closest("#rows .row");
  if (!row || event.ctrlKey || event.metaKey || !(event.shiftKey || picked.size || picking)) return;
  event.preventDefault();
  event.stopPropagation();
  toggle(row, event.shiftKey);
}, true);
const list = one("#rows");
if (list) new MutationObserver(draw).observe(list, { childList: true });
