/* What is shown only when asked for: insults and their pictures, and mail as it was formatted. What was opened stays open. */
import { all, one } from "./page.js";

const opened = new Set();
const framed = new Set();
const LEAST = 160;

/* Under a veil nothing can be reached or read aloud. */
function veil(entry) {
  const on = !opened.has(entry.dataset.veil);
  entry.classList.toggle("veil--on", on);
  one(".veil__what", entry).inert = on;
}

/* The frame runs nothing and is of no origin, so it cannot say how tall it is: the text view stands for it. */
function frame(place) {
  const link = one("[data-show-formatted]", place);
  const there = one("iframe", place);
  const wanted = framed.has(place.dataset.formatted);
  link.setAttribute("aria-expanded", String(wanted));
  one("span", link).textContent = wanted ? "Show the text alone" : "Show as it was formatted";
  if (wanted === Boolean(there)) return;
  if (there) { there.remove(); return; }
  const text = one(".entry__text", place.closest(".entry"));
  const made = document.createElement("iframe");
  made.setAttribute("sandbox", "");
  made.setAttribute("referrerpolicy", "no-referrer");
  made.title = "The message as it was formatted";
  made.src = link.href;
  made.style.blockSize = `${Math.min(Math.max(text.scrollHeight * 1.25 + 48, LEAST), innerHeight * 0.7)}px`;
  place.append(made);
}

function dress(root) {
  if (!(root instanceof Element)) return;
  for (const entry of [...(root.matches("[data-veil]") ? [root] : []), ...all("[data-veil]", root)]) veil(entry);
  for (const place of all("[data-formatted]", root)) frame(place);
}

document.addEventListener("click", (event) => {
  const show = event.target.closest?.("[data-unveil]");
  if (show) {
    const entry = show.closest("[data-veil]");
    opened.add(entry.dataset.veil);
    veil(entry);
    const what = one(".veil__what", entry);
    what.tabIndex = -1;
    what.focus({ preventScroll: true });
  }
  const link = event.target.closest?.("[data-show-formatted]");
  if (link && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    const key = link.closest("[data-formatted]").dataset.formatted;
    if (!framed.delete(key)) framed.add(key);
    frame(link.closest("[data-formatted]"));
  }
});
new MutationObserver((changes) => { for (const change of changes) change.addedNodes.forEach(dress); }).observe(document.body, { childList: true, subtree: true });
dress(document.body);
