/* The picker: one overlay for tags, times, saved replies, macros, people and cases. Type to narrow, arrows, Enter. */
import { all, one, part, say } from "./page.js";
import { casesOf, post } from "./acts.js";

const box = one("#picker");
let from = null;   /* where the text goes, and what of it the typed ; took */
let back = null;   /* what had the focus */

const field = () => {
  const kind = one('[name="kind"]:checked', one("#composer") ?? document)?.value;
  return one(kind === "note" ? "#note" : "#reply");
};
const lines = () => all("[data-choice]:not([hidden])", box);
const here = () => one('[aria-selected="true"]', box);

function stand(line) {
  for (const other of all('[aria-selected="true"]', box)) other.setAttribute("aria-selected", "false");
  line?.setAttribute("aria-selected", "true");
  line?.scrollIntoView({ block: "nearest" });
  one(".picker__word", box)?.setAttribute("aria-activedescendant", line?.id ?? "");
}

function narrow() {
  const words = one(".picker__word", box).value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const line of all("[data-choice]", box)) {
    const text = line.textContent.toLowerCase();
    line.hidden = !words.every((word) => text.includes(word));
  }
  one("[data-none]", box).hidden = lines().length > 0;
  stand(lines()[0]);
}

async function open(button, place = null) {
  const cases = casesOf(button);
  if (!box || !cases) return;
  from = place;
  back = document.activeElement;
  const composer = one("form.composer");
  const about = composer ? new FormData(composer) : new FormData();
  const asked = new URLSearchParams({ what: button.dataset.picker, cases, to: about.get("conversation") ?? "", kind: about.get("kind") ?? "" });
  const fresh = await part(`/pick/?${asked}`).catch(() => null);
  if (!fresh) { say("That cannot be chosen just now.", true); return; }
  for (const menu of all("[popover]:popover-open")) menu.hidePopover();
  box.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
  box.setAttribute("aria-label", one("h2", box).textContent);
  htmx.process(box);
  box.showPopover();
  stand(lines()[0]);
  (one(".picker__word", box) ?? one("[tabindex]", box))?.focus();
}

function insert(text) {
  const area = from?.area ?? field();
  if (!area) return;
  const [start, end] = from ? [from.start, from.end] : [area.selectionStart, area.selectionEnd];
  area.focus();
  area.setRangeText(text, start, end, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

function take(line) {
  if (!line) return;
  const { pickText, pickAct, pickValue, pickCases } = line.dataset;
  if (!pickText && !pickAct) return;   /* it says why it cannot be */
  back = null;
  box.hidePopover();
  if (pickText) insert(pickText);
  else post(pickAct, pickValue, pickCases);
}

function key(event) {
  const all_ = lines();
  const at = all_.indexOf(here());
  if (event.key === "ArrowDown") stand(all_[Math.min(all_.length - 1, at + 1)]);
  else if (event.key === "ArrowUp") stand(all_[Math.max(0, at - 1)]);
  else if (event.key === "Enter") take(here());
  else return;
  event.preventDefault();
}

/* A ; at the beginning of a word opens the saved replies from within the text. */
function typed(area) {
  const end = area.selectionStart;
  if (!/(^|\s);$/.test(area.value.slice(0, end))) return;
  const button = one('[data-picker="saved"]');
  if (button) open(button, { area, start: end - 1, end });
}

if (box) {
  box.addEventListener("input", (event) => { if (event.target.matches(".picker__word")) narrow(); });
  box.addEventListener("keydown", (event) => { if (event.target.matches(".picker__word")) key(event); });
  box.addEventListener("click", (event) => take(event.target.closest("[data-choice]")));
  box.addEventListener("toggle", (event) => { if (event.newState === "closed") { back?.focus?.({ preventScroll: true }); back = null; } });
}
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-picker]");
  if (button) open(button);
});
document.addEventListener("input", (event) => { if (event.data === ";" && event.target.matches?.("#composer [data-draft]")) typed(event.target); });
