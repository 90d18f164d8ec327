/* Search: its key, and the way from the box into what was found. Drawing it anew while typing is htmx's. */
import { one } from "./page.js";

const box = () => one(".search__box");

export function goToSearch() {
  if (!box()) { location.assign("/search/"); return; }
  box().focus();
  box().select();
}

document.addEventListener("keydown", (event) => {
  if (event.target !== box() || event.isComposing) return;
  const first = one("#found [data-hit]");
  if (event.key === "ArrowDown" && first) { event.preventDefault(); first.focus(); }
  if (event.key === "Escape" && !box().value) box().blur();
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.requestConfig?.triggeringEvent?.type !== "submit" || !one("#found")) return;
  (one("#found [data-hit]") ?? box()).focus();
});
