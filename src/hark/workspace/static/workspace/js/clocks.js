/* Clocks and counts go on by themselves between two words from the server. Faces as in `queries/words.py`. */
import { all, one } from "./page.js";

const ahead = Number(document.body.dataset.now) - Date.now() / 1000;
export const now = () => Date.now() / 1000 + ahead;

function face(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${two(Math.floor((seconds % 3600) / 60))}`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
}

function span(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function turn(element) {
  const left = Math.floor(Number(element.dataset.due) - now());
  const strong = one("b", element);
  if (!strong) return;
  const late = left < 0;
  write(strong, late ? "Breached" : face(left));
  write(element.lastChild, late ? ` ${span(-left)}` : " left");
  element.closest(".clock")?.classList.toggle("clock--breached", late);
}

function tick() {
  all("[data-due]").forEach(turn);
  for (const element of all("[data-count-down]")) {
    const left = Math.max(0, Math.ceil(Number(element.dataset.countDown) - now()));
    write(element, face(left));
    if (left === 0 && element.dataset.gone) element.closest(element.dataset.gone)?.remove();
  }
  for (const bar of all("[data-count-bar]")) {
    const left = Math.max(0, Number(bar.dataset.countBar) - now());
    bar.setAttribute("width", String(Math.min(100, (100 * left) / Number(bar.dataset.countFrom))));
  }
}

setInterval(tick, 1000);
document.addEventListener("htmx:load", tick);
tick();
