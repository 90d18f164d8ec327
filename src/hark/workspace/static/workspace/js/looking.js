/* Who looks at the open case, and who types: this page says it of itself every 15 s and when it changes, and hears it of others. */
import { ask, me, one, openCase, part, replaceById } from "./page.js";

const BEAT = 15000;
const TYPES_FOR = 8000;
const TAB = crypto.randomUUID();
let said = { key: "", typing: false };
let typedAt = 0;
let asking = 0;

const types = () => Date.now() - typedAt < TYPES_FOR;

function draw(fresh) {
  const made = fresh && one("#looking", fresh);
  if (made) replaceById(made);
  clearTimeout(asking);
  const until = Number(one("#looking")?.dataset.until);
  if (until) asking = setTimeout(refresh, Math.max(1000, until * 1000 - Date.now() + 500));   /* whoever ended without a word */
}

async function refresh() {
  const key = openCase();
  if (!key) return;
  try { const fresh = await part(`/case/${key}/looking/`); if (key === openCase()) draw(fresh); } catch { /* the next word will tell */ }
}

async function look() {
  const key = openCase();
  if (!key || document.hidden) return;
  said = { key, typing: types() };
  const body = new URLSearchParams({ tab: TAB, typing: said.typing ? "1" : "0" });
  try {
    const response = await ask(`/case/${key}/looking/`, { method: "POST", body });
    if (response.ok && key === openCase()) draw(new DOMParser().parseFromString(await response.text(), "text/html").body);
    document.dispatchEvent(new Event("hark:looked"));   /* its notices count as read */
  } catch { /* said again at the next beat */ }
}

function lookAway() {
  if (!said.key) return;
  const body = new URLSearchParams({ tab: TAB, gone: "1" });
  ask(`/case/${said.key}/looking/`, { method: "POST", body, keepalive: true }).catch(() => {});
  said = { key: "", typing: false };
}

document.addEventListener("input", (event) => {
  if (!event.target.matches?.("#composer textarea")) return;
  typedAt = event.target.value ? Date.now() : 0;
  if (!said.typing && types()) look();
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.elt?.id !== "composer") return;
  typedAt = 0;
  if (said.typing) look();
});
document.addEventListener("hark:heard", (event) => {
  const { kind, subject, data } = event.detail;
  if (kind === "looking.changed" && subject === openCase() && data.by !== me) refresh();
});
document.addEventListener("hark:opened", () => { typedAt = 0; look(); });
document.addEventListener("visibilitychange", () => { if (document.hidden) lookAway(); else look(); });
document.addEventListener("hark:back", look);
addEventListener("pagehide", lookAway);
addEventListener("pageshow", (event) => { if (event.persisted) look(); });
setInterval(look, BEAT);
look();
