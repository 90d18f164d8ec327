/* Short notices: good ones go by themselves, bad ones wait to be read. */
import { one, say } from "./page.js";

const STAYS = 6000;
const STAYS_WITH_UNDO = 20000;
const box = one("#said");

function leaveSoon() {
  for (const line of box.children) {
    if (line.classList.contains("said__words--bad") || line.dataset.leaves) continue;
    line.dataset.leaves = "1";
    setTimeout(() => line.remove(), line.dataset.stays === undefined ? STAYS : STAYS_WITH_UNDO);
  }
}

new MutationObserver(leaveSoon).observe(box, { childList: true });
leaveSoon();
box.addEventListener("click", (event) => event.target.closest("[data-close-said]")?.parentElement.remove());
document.addEventListener("keydown", (event) => { if (event.key === "Escape") box.replaceChildren(); });

document.addEventListener("htmx:sendError", () => say("Hark cannot be reached just now. Nothing was changed, and what you typed is kept.", true));
document.addEventListener("htmx:responseError", (event) => {
  const gone = event.detail.xhr.status === 404;
  say(gone ? "That is gone, or is not yours to see. Nothing was changed." : "Something is broken on our side. What you typed is kept; try once more.", true);
});
