/* Acts on cases from a button: `data-act` posts at once, with `data-value`, for `data-cases` or what is selected. */
import { one, openCase } from "./page.js";
import { selected, clearSelection } from "./select.js";

/* Which cases a button is for: those it names, else those selected. */
export const casesOf = (button) => button.dataset.cases || selected().join(",");

/* Where the composer writes and what it has seen: a macro answers there. */
function composed() {
  const form = one("form.composer");
  if (!form) return {};
  const data = new FormData(form);
  return { kind: data.get("kind"), conversation: data.get("conversation"), send_key: data.get("send_key"), seen: data.getAll("seen") };
}

export function post(act, value, cases) {
  const more = act === "macro" ? composed() : {};
  return htmx.ajax("POST", "/acts/", { values: { act, value, cases, ...more }, swap: "none", source: document.body });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]:not(input)");
  if (button) {
    post(button.dataset.act, button.dataset.value ?? "", casesOf(button));
    button.closest("[popover]:popover-open")?.hidePopover();
  }
  const merge = event.target.closest("[data-merge]");
  if (merge) {
    const [into, ...others] = selected();   /* all of them go into the one that was selected first */
    if (others.length) post("merge", into, others.join(","));
  }
  if (event.target.closest("[data-answer-many]")) location.assign(`/answer-many/?cases=${encodeURIComponent(selected().join(","))}`);
});
document.addEventListener("hark:acted", (event) => {
  const { cases, act, open } = event.detail;
  for (const key of cases) document.dispatchEvent(new CustomEvent("hark:changed", { detail: { case: key } }));
  if (act !== "undo") clearSelection();
  if (open && (act === "split" || cases.includes(openCase()))) document.dispatchEvent(new CustomEvent("hark:open", { detail: { href: `/case/${open}/` } }));
  else if (open) document.dispatchEvent(new CustomEvent("hark:changed", { detail: { case: open } }));
});
