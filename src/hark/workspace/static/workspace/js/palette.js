/* The palette: Ctrl-K, a few letters, Enter. It offers what the page offers (`declared.js`), the places of the rail, and the cases
and people that the server finds for it. What was used last stands first. A combobox with a list, as readers of screens know it. */
import { all, me, one, part } from "./page.js";
import { acts, press } from "./declared.js";
import { showKeys } from "./keys.js";
import { matched, marked } from "./fuzzy.js";

const QUIET = 120;
const SHOWN = 40;
const REMEMBERED = 12;
const KEPT = `hark-recent-${me}`;
const box = one("#palette");
const ask = one("#palette-ask");
const list = one("#palette-list");

let found = [];        /* what the server has found for `foundFor` */
let foundFor = "";
let searching = null;
let timer = 0;
let options = [];
let chosen = null;

function recent() {
  try { return JSON.parse(localStorage.getItem(KEPT) ?? "[]"); } catch { return []; }
}

/* Only names of acts and keys of cases are kept in this browser, nothing of what customers are called or wrote. */
function remember(id) {
  try { localStorage.setItem(KEPT, JSON.stringify([id, ...recent().filter((one) => one !== id)].slice(0, REMEMBERED))); } catch { /* closed */ }
}

const idOf = ({ group, word }) => `${group}: ${word}`;

function drawnAct(act) {
  const line = one("#palette-act").content.firstElementChild.cloneNode(true);
  const icon = act.element.closest("label, a, button")?.querySelector("svg.icon");
  if (icon) one("[data-icon]", line).replaceChildren(icon.cloneNode(true));
  one("[data-word-here]", line).textContent = act.word;
  if (act.keys) one("[data-keys-here]", line).replaceChildren(act.keys.cloneNode(true));
  return { id: idOf(act), group: act.group, line, run: () => pressAgain(act) };
}

/* The page may have been drawn anew since the palette was opened. */
function pressAgain(act) {
  const now = acts().find((other) => idOf(other) === idOf(act));
  if (now) press(now.element);
}

function drawnObject(line) {
  const { href, object, group } = line.dataset;
  return { id: object, group, found: true, line: document.importNode(line, true), run: () => document.dispatchEvent(new CustomEvent("hark:open", { detail: { href } })) };
}

function fits(option, query, used) {
  const word = one("[data-word-here]", option.line);
  const detail = one("[data-detail-here]", option.line);
  const byOther = option.found && query === foundFor ? { score: 0, at: [] } : null;   /* a key, or what somebody is called elsewhere */
  const hit = matched(word.textContent, query) ?? (detail && matched(detail.textContent, query, 10)) ?? byOther;
  if (!hit) return null;
  const place = used.indexOf(option.id);
  marked(word, hit.at);
  return { ...option, score: hit.score + (place < 0 ? 0 : 6 - place / 2), used: place };
}

/* What is offered for the letters typed so far, by group: the best first, without letters what was used last. */
function offered() {
  const query = ask.value.trim();
  const used = recent();
  const fit = [...acts().map(drawnAct), ...found.map(drawnObject)].map((option) => fits(option, query, used)).filter(Boolean);
  const place = (option) => (option.used < 0 ? REMEMBERED : option.used);
  fit.sort((a, b) => (query ? b.score - a.score : place(a) - place(b)));
  options = fit.slice(0, SHOWN);
  return Map.groupBy(options, (option) => (!query && option.used >= 0 ? "Used last" : option.group));
}

function draw() {
  const groups = [...offered()];
  list.replaceChildren(...groups.map(([group, rows], number) => drawnGroup(group, rows, number)));
  options = groups.flatMap(([, rows]) => rows);
  options.forEach((option, number) => { option.line.id = `palette-${number}`; });
  choose(options.find((option) => option.id === chosen) ?? options[0]);
  one("[data-nothing]", box).hidden = options.length > 0 || searching !== null;
  one("[data-count]", box).textContent = options.length ? `${options.length} found` : "";
}

function drawnGroup(group, rows, number) {
  const around = document.createElement("div");
  around.setAttribute("role", "group");
  around.setAttribute("aria-labelledby", `palette-group-${number}`);
  const head = document.createElement("p");
  head.id = `palette-group-${number}`;
  head.className = "palette__group";
  head.setAttribute("role", "presentation");
  head.textContent = group;
  around.append(head, ...rows.map((row) => row.line));
  return around;
}

function choose(option) {
  for (const other of options) other.line.setAttribute("aria-selected", String(other === option));
  if (option) { ask.setAttribute("aria-activedescendant", option.line.id); option.line.scrollIntoView({ block: "nearest" }); }
  else ask.removeAttribute("aria-activedescendant");
}

const selected = () => options.find((option) => option.line.getAttribute("aria-selected") === "true");

function step(by) {
  if (!options.length) return;
  const next = options[(options.indexOf(selected()) + by + options.length) % options.length];
  chosen = next.id;
  choose(next);
}

/* Ask the server for cases and people; an answer to letters that are no longer there is dropped. */
async function search() {
  const query = ask.value.trim();
  const address = new URLSearchParams({ q: query, recent: recent().filter((id) => id.startsWith("case_")).join(",") });
  const mine = part(`/palette/?${address}`).catch(() => null);
  searching = mine;
  const answer = await mine;
  if (searching !== mine) return;
  searching = null;
  foundFor = query;
  found = answer ? [...all("[data-object]", answer)] : [];
  draw();
}

async function run() {
  if (timer) { clearTimeout(timer); timer = 0; await search(); }
  while (searching) await searching;
  const option = selected();
  if (!option) return;
  remember(option.id.replace(/^person_/, ""));
  box.close();
  option.run();
}

export function openPalette() {
  one("dialog[open]")?.close();
  ask.value = "";
  chosen = null;
  found = [];
  box.showModal();
  ask.focus();
  draw();
  search();
}

ask.addEventListener("input", () => {
  chosen = null;
  clearTimeout(timer);
  timer = setTimeout(() => { timer = 0; search(); }, QUIET);
  draw();
});
ask.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); step(event.key === "ArrowDown" ? 1 : -1); }
  if (event.key === "Enter") { event.preventDefault(); run(); }
  if (event.key === "?" && !ask.value) { event.preventDefault(); box.close(); showKeys(); }
});
list.addEventListener("click", (event) => {
  const line = event.target.closest("[role=option]");
  const option = options.find((one) => one.line === line);
  if (option) { choose(option); run(); }
});
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.key.toLowerCase() !== "k") return;
  event.preventDefault();
  if (box.open) box.close();
  else openPalette();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-open-palette]")) openPalette();
  if (event.target.closest('form[action="/sign-out/"]')) try { localStorage.removeItem(KEPT); } catch { /* nothing was there */ }
});
