/* The composer: what is typed is kept, counted, and sent once; it says who will read it. */
import { lengthIn, textMessages } from "./length.js";
import { all, ask, me, one, part, replaceById, say, settled, view } from "./page.js";

const QUIET = 600;
const timers = new Map();

const box = () => one("#composer");
const form = () => one("form.composer");
const kind = () => one('[name="kind"]:checked', box() ?? document)?.value ?? "";
const field = () => one(kind() === "note" ? "#note" : "#reply");
const place = (area) => `hark-draft-${me}-${box().dataset.case}-${area.dataset.draft}`;

/* What leaves: the words with the mark of whoever writes them, as conversations/signature.py makes it. */
function leaving(text) {
  const sign = one('[name="kind"]:checked', box() ?? document)?.dataset.sign ?? "";
  return !sign || !text.trim() || text.trimEnd().endsWith(sign) ? text : `${text.trimEnd()} ${sign}`;
}

function rest(text, used, limit, unit, over) {
  const most = limit ? ` of ${limit.toLocaleString("en")}` : "";
  if (unit !== "sms") return `${most}${over ? ", too long" : ""}`;
  return ` text message${used === 1 ? "" : "s"}${most}, ${textMessages(text).left} letters left${over ? ", too long" : ""}`;
}

function count() {
  const counter = one("[data-counter]");
  const area = field();
  if (!counter || !area) return;
  const text = area.value ? leaving(area.value) : "";
  const limit = Number(area.dataset.limit || 0);
  const used = lengthIn(text, area.dataset.unit);
  const long = limit > 0 && used > limit;
  const over = long && (Number(area.dataset.parts || 1) < 2 || one("#posts")?.hasAttribute("data-over"));
  counter.classList.toggle("counter--over", over);
  const strong = document.createElement("b");
  strong.textContent = used.toLocaleString("en");
  counter.replaceChildren(...(used ? [strong, rest(text, used, limit, area.dataset.unit, over)] : []));
  if (long && Number(area.dataset.parts || 1) > 1) measureSoon();
  else clear();
}

function clear() {
  one("#posts")?.replaceChildren();
  one("#posts")?.removeAttribute("data-over");
}

/* Longer than one post: the server says as which posts it would leave, since that is where they are made. */
const measureSoon = settled(async () => {
  const area = field();
  if (!box() || !area?.dataset.limit) return;
  const asked = { kind: kind(), text: area.value, conversation: one('[name="conversation"]', box()).value };
  if (one("[data-whole]")?.checked) asked.whole = "1";
  const fresh = await part(`/case/${box().dataset.case}/measure/`, { method: "POST", body: new URLSearchParams(asked) });
  if (!fresh || area !== field() || lengthIn(leaving(area.value), area.dataset.unit) <= Number(area.dataset.limit)) return;
  const held = document.activeElement?.matches("[data-whole]");
  const scrolled = one(".posts__all ol")?.scrollTop ?? 0;
  const shut = one(".posts__all")?.open === false;
  const made = replaceById(one("#posts", fresh));
  if (one(".posts__all", made)) { one(".posts__all", made).open = !shut; one(".posts__all ol", made).scrollTop = scrolled; }
  if (held) one("[data-whole]", made)?.focus();
  one("[data-counter]")?.classList.toggle("counter--over", made.hasAttribute("data-over"));
}, 250);

function remember(area) {
  try { area.value ? localStorage.setItem(place(area), area.value) : localStorage.removeItem(place(area)); } catch { /* the server has it soon */ }
}

function forget(key) {
  try { localStorage.removeItem(key); } catch { /* nothing was there */ }
}

function saved(words) {
  const line = one("[data-saved]");
  if (line) line.textContent = words;
}

/* The server keeps what was typed; only then does this browser forget it. */
async function keep(area) {
  const key = place(area);
  const text = area.value;
  timers.delete(area.dataset.draft);
  try {
    const body = new URLSearchParams({ kind: area.dataset.draft, text });
    const response = await ask(`/case/${box().dataset.case}/draft/`, { method: "POST", body });
    if (!response.ok) throw new Error(`${response.status}`);
    if (area.value === text) { forget(key); saved(text ? "Draft kept" : ""); }
  } catch { saved("Kept in this browser only"); }
}

function keepSoon(area) {
  clearTimeout(timers.get(area.dataset.draft));
  timers.set(area.dataset.draft, setTimeout(() => keep(area), QUIET));
}

async function flush() {
  const waiting = all("[data-draft]", box()).filter((area) => timers.has(area.dataset.draft));
  for (const area of waiting) { clearTimeout(timers.get(area.dataset.draft)); await keep(area); }
}

/* What stood on the page when the last key was pressed is what the writer has seen. */
function lookAround() {
  for (const item of all("#timeline [data-seen]")) {
    const [conversation, number] = item.dataset.seen.split(":");
    const input = one(`[data-seen-of="${CSS.escape(conversation)}"]`);
    if (input) input.value = `${conversation}:${Math.max(Number(number), Number(input.value.split(":")[1] || 0))}`;
  }
}

function dress() {
  const checked = one('[name="kind"]:checked', box() ?? document);
  if (!checked) return;
  const aside = checked.value === "private" && one("[data-aside]:checked", box());
  one("[data-send-word]").textContent = aside ? aside.dataset.aside : checked.dataset.act;
  count();
}

/* A composer has just been drawn: bring back what only this browser still has. */
function begin() {
  if (!box()) return;
  for (const area of all("[data-draft]", box())) {
    let kept = null;
    try { kept = localStorage.getItem(place(area)); } catch { /* closed */ }
    if (kept && kept !== area.value) { area.value = kept; keepSoon(area); saved("Brought back what you had typed here"); }
  }
  dress();
}

export function choose(radio) {
  radio.checked = true;
  dress();
  field()?.focus();
}

async function otherWay(select) {
  await flush();
  const fresh = await part(`/case/${box().dataset.case}/composer/?to=${encodeURIComponent(select.value)}&view=${view()}`);
  if (fresh) { replaceById(one("#composer", fresh)); begin(); field()?.focus(); }
}

document.addEventListener("input", (event) => {
  const area = event.target.closest?.("#composer [data-draft]");
  if (!area) return;
  remember(area);
  keepSoon(area);
  lookAround();
  count();
});
document.addEventListener("change", (event) => {
  if (event.target.matches?.('#composer :is([name="kind"], [data-aside])')) dress();
  if (event.target.matches?.("#composer [data-way]")) otherWay(event.target);
  if (event.target.matches?.("#composer [data-whole]")) measureSoon();
});
document.addEventListener("keydown", (event) => {
  if (!event.target.closest?.("#composer textarea")) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    const text = field();
    if (!event.repeat && text && (text.value.trim() || one(`[name="${text.dataset.draft}_file"]`))) form().requestSubmit(one("[data-send]"));
  }
  if (event.key === "Escape") { event.stopPropagation(); one("#timeline-scroll")?.focus(); }
});
document.addEventListener("click", (event) => {
  if (event.target.closest('form[action="/sign-out/"]')) all("[data-draft]").forEach((area) => forget(place(area)));
});
document.addEventListener("htmx:beforeRequest", (event) => {
  if (!event.target.matches?.("form.composer")) return;
  for (const timer of timers.values()) clearTimeout(timer);
  timers.clear();
});
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id !== "composer" || event.detail.xhr.status !== 200) return;
  if (event.detail.requestConfig.elt.matches("form.composer")) forget(place(field()));
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target?.id !== "composer" && event.detail.elt?.id !== "composer") return;
  begin();
  const anyway = one("[data-anyway]");
  if (anyway) { anyway.disabled = true; setTimeout(() => { anyway.disabled = false; anyway.focus(); }, 600); }
  else if (one("#undo [data-key=z]") || !field()?.value) one("#timeline-scroll")?.focus({ preventScroll: true });
  else field()?.focus();
});
document.addEventListener("hark:opened", begin);
document.addEventListener("htmx:responseError", (event) => { if (event.target.matches?.("form.composer")) say("Not sent. Your text is kept.", true); });
addEventListener("pagehide", () => { all("#composer [data-draft]").forEach((area) => { if (timers.has(area.dataset.draft)) remember(area); }); });
begin();
