/* The case's ledger, brought up to date entry by entry: what is open stays open, what is being corrected is left alone. */
import { all, one, part, replaceById, view } from "./page.js";

function sameEntry(old, fresh) {
  return fresh.dataset.mark !== undefined && old.dataset.mark === fresh.dataset.mark;
}

function beingUsed(element) {
  return element.contains(document.activeElement) && document.activeElement.closest(".correct, .receipt");
}

function take(list, fresh, missed) {
  const made = document.importNode(fresh, true);
  if (missed && fresh.dataset.theirs !== undefined) made.classList.add("entry--missed");
  return made;
}

/* Bring `list` to what `fresh` says. Pages of older entries above stay as they are. */
export function reconcile(list, fresh, missed) {
  const wanted = [...fresh.children];
  const ids = new Set(wanted.map((item) => item.id));
  const anchor = wanted.find((item) => item.dataset.mark !== undefined && list.querySelector(`#${CSS.escape(item.id)}`));
  if (!anchor) {
    list.replaceChildren(...wanted.map((item) => take(list, item, missed && list.children.length > 0)));
    htmx.process(list);
    return;
  }
  let place = document.getElementById(anchor.id);
  for (const item of wanted.slice(wanted.indexOf(anchor))) {
    const old = list.querySelector(`#${CSS.escape(item.id)}`);
    if (old && (sameEntry(old, item) || beingUsed(old))) {
      if (old !== place) list.insertBefore(old, place);
      place = old.nextElementSibling;
      continue;
    }
    const made = take(list, item, missed && !old);
    if (old) {
      for (const fold of all("details[open]", old)) one(`details:nth-of-type(${all("details", old).indexOf(fold) + 1})`, made)?.setAttribute("open", "");
      old.replaceWith(made);
    } else list.insertBefore(made, place);
    htmx.process(made);
    place = made.nextElementSibling;
  }
  let item = document.getElementById(anchor.id);
  while (item) {
    const next = item.nextElementSibling;
    if (!ids.has(item.id)) item.remove();
    item = next;
  }
}

/* Fetch the newest page of the open case's ledger with its head. */
export async function refreshLedger(key, { missed = false } = {}) {
  const fresh = await part(`/case/${key}/timeline/?view=${view()}`);
  const list = one("#timeline");
  if (one("#case")?.dataset.case !== key || !list) return;
  if (!fresh) { location.assign("/"); return; }
  reconcile(list, one("#timeline", fresh), missed);
  const menu = one("#case-menu");
  if (!menu?.matches(":popover-open")) replaceById(one("#case-head", fresh));
}

export async function refreshContact(key) {
  const fresh = await part(`/case/${key}/contact/`);
  if (fresh && one("#case")?.dataset.case === key) replaceById(one("#contact", fresh));
}

export function forgetMissed() {
  for (const entry of all(".entry--missed")) entry.classList.remove("entry--missed");
}
