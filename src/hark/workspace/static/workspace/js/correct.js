/* Correcting a reading: C opens, left and right change the value, Enter stores, Escape leaves. */
import { all, one } from "./page.js";

function formOf(button) {
  return document.getElementById(`correct-${button.dataset.correct}`);
}

function open(button) {
  const form = formOf(button);
  if (!form) return;
  form.hidden = false;
  button.setAttribute("aria-expanded", "true");
  one("select", form).focus();
}

function close(form) {
  form.hidden = true;
  const button = one(`[data-correct="${form.id.replace("correct-", "")}"]`);
  button?.setAttribute("aria-expanded", "false");
  button?.focus();
}

/* The message at hand: the one that has the focus, else the newest that was read. */
export function correctAtHand() {
  const here = document.activeElement?.closest?.(".entry");
  const button = (here && one("[data-correct]", here)) ?? all("#timeline [data-correct]").at(-1);
  if (button) open(button);
}

function step(select, by) {
  const index = Math.min(select.options.length - 1, Math.max(0, select.selectedIndex + by));
  select.selectedIndex = index;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-correct]");
  if (button) { const form = formOf(button); form.hidden ? open(button) : close(form); }
  const leave = event.target.closest("[data-correct-close]");
  if (leave) close(leave.closest("form"));
});
document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("form.correct");
  if (!form) return;
  if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); close(form); }
  if (event.target.localName !== "select") return;
  if (event.key === "ArrowLeft" || event.key === "ArrowRight") { event.preventDefault(); step(event.target, event.key === "ArrowLeft" ? -1 : 1); }
  if (event.key === "Enter") { event.preventDefault(); form.requestSubmit(); }
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.target.matches?.("form.correct") && event.detail.successful) close(event.target);
});
