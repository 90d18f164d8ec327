/* One stream of events per page. An event names what changed; the page fetches just that, at most a few times a second. */
import { ask, all, me, one, openCase, panes, part, replaceById, settled, view } from "./page.js";
import { refreshContact, refreshLedger, forgetMissed } from "./ledger.js";
import { heardSomething } from "./stream.js";

const QUIET = 150;     /* what this page shows */
const LATER = 1000;    /* what only moves its counts */
const LOST_AFTER = 3000;
const TRY_AGAIN = 2000;
const BEAT = 10000;
const UNSHOWN = /^(draft\.kept|looking\.|notice\.)/;   /* what neither the list nor a case shows */

const changed = new Set();
let everything = false;
let missed = false;
let lostTimer = 0;
let source = null;

const shownRows = () => all("#rows .row").map((row) => row.dataset.row);

async function refreshList({ keys, whole, late }) {
  const shown = shownRows();
  const here = whole ? shown : shown.filter((key) => keys.has(key));
  const complete = one("#rows .rows__more") ? "0" : "1";
  const address = new URLSearchParams({ view: view(), shown: shown.join(","), changed: here.join(","), complete, case: openCase() });
  const fresh = await part(`/inbox/pulse/?${address}`);
  if (!fresh) return;
  const menuOpen = one("#more-views")?.matches(":popover-open");
  const declining = one(".offer [popover]:popover-open");
  for (const item of [...fresh.children]) {
    if ((item.id === "views" && menuOpen) || (item.id === "offers" && (declining || sameOffers(item)))) continue;
    const focused = document.activeElement?.id === item.id;
    const made = replaceById(item);
    if (focused) made?.focus();
    if (made?.classList.contains("row") && late) made.classList.add("row--fresh");
  }
  if (one("[data-empty]", one("#rows")) && one("#list-foot [data-show-held]")) one("#list-foot [data-show-held]").click();
}

/* Offers are left alone while they are the same: replacing them would take the focus from the button under a finger. */
function sameOffers(fresh) {
  const keys = (root) => all("[data-offer]", root).map((offer) => offer.dataset.offer).join();
  const now = one("#offers");
  return keys(fresh) !== "" && keys(fresh) === keys(now);
}

/* What is named while this fetches is fetched again: a page drawn at the moment of a change may show neither before nor after. */
const refresh = settled(async () => {
  const asked = { keys: new Set(changed), whole: everything, late: missed };
  changed.clear();
  if (everything) everything = missed = false;
  const key = openCase();
  const shown = key && (asked.whole || asked.keys.has(key)) ? [refreshLedger(key, { missed: asked.late }), refreshContact(key)] : [];
  try { await Promise.all([...shown, ...(panes() ? [refreshList(asked)] : [])]); } catch (error) {   /* the case first, nothing waits for another */
    for (const one of asked.keys) changed.add(one);   /* what could not be fetched is asked for again */
    everything ||= asked.whole;
    missed ||= asked.late;
    throw error;
  }
}, QUIET);

function heard(event) {
  let said;
  try { said = JSON.parse(event.data); } catch { return; }
  if (!said.kind) return;
  document.dispatchEvent(new CustomEvent("hark:heard", { detail: said }));   /* for whoever shows more than cases */
  if (UNSHOWN.test(said.kind)) return;
  const key = said.data?.case || (said.subject?.startsWith("case_") ? said.subject : "");
  if (key) changed.add(key);
  if (said.kind === "message.received" && !key && !said.data?.spam) heardSomething();
  if (said.kind === "presence.changed") refreshPresence(said);
  const mine = key === openCase() || said.kind.startsWith("offer.") || document.getElementById(`row-${key}`);
  refresh(mine ? QUIET : LATER);
}

function markPresence() {
  const said = one("#presence")?.dataset.presence;
  for (const button of all('#me-menu [name="presence"]')) {
    if (button.value === said) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

async function refreshPresence(said) {
  if (said.subject !== me && said.data?.agent !== me) return;
  const fresh = await part("/presence/");
  if (fresh) { replaceById(one("#presence", fresh)); markPresence(); }
}

function all_() { everything = true; refresh(); document.dispatchEvent(new Event("hark:back")); }

function lost() {
  clearTimeout(lostTimer);
  lostTimer = setTimeout(() => { one("#lost").hidden = false; missed = true; }, LOST_AFTER);
}

function back() {
  if (!navigator.onLine) return;   /* a line opened a moment ago is of no use now */
  clearTimeout(lostTimer);
  if (one("#lost").hidden) return;
  one("#lost").hidden = true;
  all_();
}

async function stillSignedIn() {
  try { await ask("/offers/"); } catch { return; }
  setTimeout(listen, TRY_AGAIN);
}

function listen() {
  source?.close();
  source = new EventSource("/live");
  source.onopen = back;
  source.onmessage = heard;
  source.addEventListener("reload", all_);
  source.addEventListener("closed", () => location.reload());
  source.onerror = () => {
    lost();
    if (source.readyState !== EventSource.CLOSED) return;
    missed = true;   /* a new stream does not know how far the old one had come: everything is fetched again */
    stillSignedIn().then(all_);
  };
}

async function beat() {
  try { await ask("/presence/heartbeat/", { method: "POST" }); } catch { /* the next one will tell */ }
}

document.addEventListener("hark:changed", (event) => { if (event.detail.case) changed.add(event.detail.case); refresh(); });
document.addEventListener("hark:presence", () => { markPresence(); all_(); });
document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful) event.target.closest?.("[popover]:popover-open")?.hidePopover(); });
document.addEventListener("htmx:afterSettle", (event) => { if (event.detail.target?.id === "rows") refresh(); });
document.addEventListener("hark:opened", () => { forgetMissed(); refresh(); });
document.addEventListener("input", forgetMissed);
document.addEventListener("visibilitychange", () => { if (!document.hidden && source?.readyState === EventSource.CLOSED) listen(); });
addEventListener("offline", () => { one("#lost").hidden = false; missed = true; });
addEventListener("online", listen);
addEventListener("pagehide", () => source?.close());
addEventListener("pageshow", (event) => { if (event.persisted) { listen(); all_(); } });

markPresence();
listen();
if (document.body.dataset.beats) {
  const clock = new Worker(new URL("timer.js", import.meta.url).href);   /* a worker's timer goes on in a hidden tab */
  clock.onmessage = beat;
  clock.postMessage(BEAT);
  beat();
}
