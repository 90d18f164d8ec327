/* A page that is one list (Today, Notices) is fetched anew when something happens; while somebody points at it, only on request. */
import { one, part, settled } from "./page.js";

const LATER = 700;
const SILENT = new Set(["draft.kept", "looking.changed"]);
const page = one("[data-live-page]");
const box = one("#live-part");
const button = one("[data-show-changed]");

async function draw() {
  const focused = document.activeElement?.closest?.("#live-part a")?.getAttribute("href");
  const fresh = await part(page.dataset.livePage);
  if (!fresh) return;
  box.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
  htmx.process(box);
  if (focused) one(`a[href="${CSS.escape(focused)}"]`, box)?.focus({ preventScroll: true });
  if (button) button.hidden = true;
}

const refresh = settled(async () => {
  if (button && box.matches(":hover, :focus-within")) button.hidden = false;
  else await draw();
}, LATER);

if (page) {
  document.addEventListener("hark:heard", (event) => { if (!SILENT.has(event.detail.kind)) refresh(); });
  document.addEventListener("hark:back", () => refresh());
  button?.addEventListener("click", draw);
}
