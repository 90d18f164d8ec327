/* Search: the way into the box, and from it into what was found. Drawing it anew while typing is htmx's. */
import { one } from "./page.js";

const box = () => one(".search__box");

document.addEventListener("click", (event) => {
  if (!box() || !event.target.closest('.rail a[href="/search/"]')) return;
  event.preventDefault();
  box().focus();
  box().select();
});
document.addEventListener("keydown", (event) => {
  if (event.target !== box() || event.isComposing) return;
  const first = one("#found [data-hit]");
  if (event.key === "ArrowDown" && first) { event.preventDefault(); first.focus(); }
  if (event.key === "Escape" && !box().value) box().blur();
});
/* The address says what is shown, so that a reload, or the way back from a case, finds it again. */
document.addEventListener("htmx:afterSwap", (event) => {
  const asked = event.detail.requestConfig?.elt;
  if (asked && (asked === box() || asked === box()?.form)) history.replaceState(null, "", event.detail.pathInfo.finalRequestPath);
  if (event.detail.requestConfig?.triggeringEvent?.type !== "submit" || !one("#found")) return;
  (one("#found [data-hit]") ?? box()).focus();
});
