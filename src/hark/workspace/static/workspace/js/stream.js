/* The stream: the line at hand, what corrections changed, and what is new, which waits to be asked for. */
import { all, one, part, say } from "./page.js";

let waiting = 0;

export const lines = () => all("[data-heard]");

export function stand(line) {
  for (const other of lines()) if (other !== line) { other.removeAttribute("aria-current"); }
  if (!line) return;
  line.setAttribute("aria-current", "true");
  line.tabIndex = -1;
  line.focus({ preventScroll: true });
  line.scrollIntoView({ block: "nearest" });
  tellWhy(line);
}

/* What the line at hand rests on, and its acts, stand beside the list; on narrow screens they stand in the line itself. */
function tellWhy(line) {
  const box = one("[data-why]");
  const more = one("[data-more]", line);
  if (!box || !more) return;
  box.replaceChildren(more.cloneNode(true));
  box.hidden = false;
  htmx.process(box);
  one("#why-title").textContent = `Why “${more.dataset.word.toLowerCase()}”`;
  one("[data-why-model]").textContent = more.dataset.model ? `model ${more.dataset.model}` : "";
}

export const standing = () => one("[data-heard][aria-current]");

export function heardSomething() {
  const button = one("[data-show-new]");
  if (!button) return;
  waiting += 1;
  button.hidden = false;
  one("[data-words]", button).textContent = `Show ${waiting} new`;
}

/* After a correction the line is drawn anew where it stands; one that left this list stays, stepped back. */
async function redraw() {
  const here = standing();
  const fresh = await part(location.pathname + location.search);
  if (!here || !fresh) return;
  const made = one(`#${CSS.escape(here.id)}`, fresh);
  if (made) { const line = document.importNode(made, true); here.replaceWith(line); htmx.process(line); stand(line); }
  else here.classList.add("heard--noise");
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-show-new]")) location.reload();
  const line = event.target.closest("[data-heard]");
  if (line && line !== standing()) { stand(line); event.target.closest("input, textarea")?.focus(); }
});
document.addEventListener("hark:corrected", (event) => { if (event.detail?.said) say(event.detail.said); redraw(); });
document.addEventListener("toggle", (event) => {
  if (event.target.open && event.target.closest("[data-heard]")) one("textarea, input:not([type=hidden])", event.target)?.focus();
}, true);
