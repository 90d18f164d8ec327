/* Three panes: a line of the list opens its case beside it; on a phone one pane at a time. */
import { all, one, panes, part, replaceById, view } from "./page.js";

const narrow = matchMedia("(max-width: 54rem)");

export function showPane(name) {
  if (!panes()) return;
  panes().dataset.pane = name;
  for (const tab of all(".pane-tabs [data-pane-tab]")) {
    if (tab.dataset.paneTab === name) tab.setAttribute("aria-current", "true");
    else tab.removeAttribute("aria-current");
  }
}

export function markRow(key) {
  for (const row of all("#rows .row")) {
    if (row.dataset.row === key) { row.setAttribute("aria-current", "true"); row.classList.remove("row--fresh"); }
    else row.removeAttribute("aria-current");
  }
}

/* Open a case beside the list. Where the list is not there, or only one pane fits, go to its page. */
export async function openHere(href, { push = true } = {}) {
  const key = new URL(href, location.href).pathname.split("/")[2];
  if (!panes() || narrow.matches) { location.assign(href); return; }
  const fresh = await part(href);
  if (!fresh) { location.assign(href); return; }
  replaceById(one("#case", fresh));
  replaceById(one("#contact", fresh));
  document.title = one("title", fresh)?.textContent ?? document.title;
  if (push) history.pushState({ case: key }, "", href);
  markRow(key);
  showPane("case");
  document.dispatchEvent(new CustomEvent("hark:opened", { detail: { case: key } }));
}

document.addEventListener("click", (event) => {
  const tab = event.target.closest("[data-pane-tab]");
  if (tab && panes()) {
    event.preventDefault();
    const again = panes().dataset.pane === "contact" && tab.dataset.paneTab === "contact" && !tab.closest(".pane-tabs");
    showPane(again ? "case" : tab.dataset.paneTab);
    return;
  }
  const row = event.target.closest("#rows .row");
  if (!row || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  if (narrow.matches) return;
  event.preventDefault();
  openHere(row.href).catch(() => location.assign(row.href));
});

addEventListener("popstate", () => location.reload());
document.addEventListener("hark:open", (event) => {
  const { href } = event.detail;
  openHere(href).then(() => one("#timeline-scroll")?.focus({ preventScroll: true })).catch(() => location.assign(href));
});
document.addEventListener("htmx:load", (event) => {
  if (event.detail.elt.id === "rows" || event.detail.elt.closest?.("#rows")) markRow(one("#case")?.dataset.case);
});
export { view };

/* A bar that scrolls sideways begins with the place at hand in sight. */
if (narrow.matches) {
  for (const here of all(".nav [aria-current], .rail [aria-current], .tabs [aria-current]")) here.scrollIntoView({ block: "nearest", inline: "center" });
}
