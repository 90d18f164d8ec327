/* What the modules share: where we are, and how a part of the page is fetched. */

export const one = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];
export const panes = () => one(".panes");
export const view = () => panes()?.dataset.view ?? "mine";
export const openCase = () => one("#case")?.dataset.case ?? "";
export const me = document.body.dataset.me;

const HEADERS = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}");

/* A request of our own; a session that has ended takes the whole page to the sign-in. */
export async function ask(url, options = {}) {
  const response = await fetch(url, { ...options, headers: { ...HEADERS, "HX-Request": "true", ...options.headers } });
  const elsewhere = response.headers.get("HX-Redirect");
  if (elsewhere) {
    location.assign(elsewhere);
    throw new Error("signed out");
  }
  return response;
}

/* A part of the page as a document of its own; null when there is nothing (any more) that we may see. */
export async function part(url, options = {}) {
  const response = await ask(url, options);
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`${response.status}`);
  return new DOMParser().parseFromString(`<body>${await response.text()}</body>`, "text/html").body;
}

/* Put what was fetched in the place of what has the same id. */
export function replaceById(fresh) {
  const old = fresh.id && document.getElementById(fresh.id);
  if (!old) return null;
  const made = document.importNode(fresh, true);
  made.removeAttribute("hx-swap-oob");
  old.replaceWith(made);
  htmx.process(made);
  return made;
}

export function say(words, bad = false) {
  const line = document.createElement("p");
  line.className = bad ? "said__words said__words--bad" : "said__words";
  const text = document.createElement("span");
  text.textContent = words;
  line.append(text);
  one("#said").replaceChildren(line);
}

const TRY_AGAIN = 2000;

/* Call `work` soon after it was asked for, however often; never twice at a time, and again a little later when it failed. */
export function settled(work, wait) {
  let timer = 0;
  let due = 0;
  let busy = false;
  let again = false;
  const schedule = (after = wait) => {
    if (timer && due <= Date.now() + after) return;
    clearTimeout(timer);
    due = Date.now() + after;
    timer = setTimeout(run, after);
  };
  const run = async () => {
    timer = 0;
    if (busy) { again = true; return; }
    busy = true;
    let failed = false;
    try { await work(); } catch { failed = true; }
    busy = false;
    if (failed) schedule(TRY_AGAIN);
    else if (again) schedule();
    again = false;
  };
  return schedule;
}
