/* @ in a note: the colleagues who see this case, chosen by arrows and Enter. The text keeps the focus throughout. */
import { all, one, openCase, part } from "./page.js";

const QUIET = 120;
let timer = 0;
let begun = -1;

const list = () => one("#colleagues");
const options = () => all("#colleagues [role=option]");
const chosen = () => one('#colleagues [aria-selected="true"]');

/* The letters behind the @ before the caret, and where it stands; null when nobody is being named. */
function naming(area) {
  const before = area.value.slice(0, area.selectionStart);
  const found = /(?:^|[\s(])@([^@\n]{0,40})$/u.exec(before);
  return found && found[1].split(/\s+/).length <= 3 ? { start: found[1], at: before.length - found[1].length - 1 } : null;
}

function close(area) {
  clearTimeout(timer);
  begun = -1;
  list()?.remove();
  area?.removeAttribute("aria-activedescendant");
  area?.removeAttribute("aria-controls");
  area?.removeAttribute("aria-expanded");
}

function choose(area, option) {
  for (const other of options()) other.setAttribute("aria-selected", String(other === option));
  if (option) area.setAttribute("aria-activedescendant", option.id);
}

function draw(area, fresh) {
  const found = all("[role=option]", fresh);
  const at = begun;
  close(area);
  if (!found.length) return;
  begun = at;
  const box = document.createElement("ul");
  box.id = "colleagues";
  box.className = "colleagues";
  box.setAttribute("role", "listbox");
  box.setAttribute("aria-label", "Colleagues");
  found.forEach((line, number) => { line.id = `colleague-${number}`; });
  box.append(...found.map((line) => document.importNode(line, true)));
  area.parentElement.append(box);
  area.setAttribute("role", "combobox");
  area.setAttribute("aria-controls", "colleagues");
  area.setAttribute("aria-expanded", "true");
  choose(area, options()[0]);
}

async function find(area) {
  const wanted = naming(area);
  if (!wanted) { close(area); return; }
  begun = wanted.at;
  const fresh = await part(`/case/${openCase()}/colleagues/?q=${encodeURIComponent(wanted.start)}`).catch(() => null);
  if (fresh && naming(area)?.start === wanted.start) draw(area, fresh);
}

function take(area, option) {
  area.setRangeText(`@${option.dataset.name} `, begun, area.selectionStart, "end");
  close(area);
  area.focus();
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

document.addEventListener("input", (event) => {
  if (event.target.id !== "note") return;
  clearTimeout(timer);
  if (naming(event.target)) timer = setTimeout(() => find(event.target), QUIET);
  else close(event.target);
});
/* Before the composer hears of it: Enter, Tab and Escape mean the list while there is one. */
document.addEventListener("keydown", (event) => {
  if (event.target.id !== "note" || !list() || event.isComposing || event.ctrlKey || event.metaKey) return;
  const here = options().indexOf(chosen());
  if (event.key === "ArrowDown" || event.key === "ArrowUp") choose(event.target, options()[(here + (event.key === "ArrowDown" ? 1 : -1) + options().length) % options().length]);
  else if ((event.key === "Enter" || event.key === "Tab") && chosen()) take(event.target, chosen());
  else if (event.key === "Escape") close(event.target);
  else return;
  event.preventDefault();
  event.stopPropagation();
}, true);
document.addEventListener("pointerdown", (event) => {
  const option = event.target.closest?.("#colleagues [role=option]");
  if (option) { event.preventDefault(); take(one("#note"), option); }
  else if (list()) close(one("#note"));
});
