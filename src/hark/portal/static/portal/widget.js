// One script tag on the company's site: a button, and behind it the chat in a frame. Sets no cookie. Until the visitor
// has written, it keeps nothing and loads nothing but itself.
(function (config) {
  "use strict";
  if (window.HarkChat) return;
  const tag = document.currentScript;
  const origin = new URL(tag.src).origin;
  const mark = `hark-chat:${config.key}:started`;
  const drawer = `hark-chat:${config.key}:kept`; // where the browser closes its storage to the frame
  const [light, onLight, dark, onDark] = config.colours;
  const label = `Chat with ${config.brand}`;

  const style = new CSSStyleSheet();
  style.replaceSync(`
    :host { all: initial; color-scheme: light dark; font-family: inherit; }
    * { box-sizing: border-box; }
    button { position: fixed; inset-block-end: 1.25rem; inset-inline-end: 1.25rem; z-index: 2147483000; display: inline-flex; align-items: center; gap: .5rem;
      min-block-size: 3rem; padding: 0 1.125rem; border: 0; border-radius: 3px; background: light-dark(${light}, ${dark}); color: light-dark(${onLight}, ${onDark});
      font-family: inherit; font-size: .9375rem; font-weight: 600; line-height: 1.2; cursor: pointer; box-shadow: 0 6px 20px rgb(10 20 20 / .22); }
    button:focus-visible { outline: 2px solid light-dark(${light}, ${dark}); outline-offset: 2px; }
    svg { inline-size: 1.125rem; block-size: 1.125rem; fill: none; stroke: currentColor; stroke-width: 1.4; stroke-linejoin: round; stroke-linecap: round; }
    .count { min-inline-size: 1.375rem; padding: 0 .3125rem; border-radius: 3px; background: light-dark(${onLight}, ${onDark}); color: light-dark(${light}, ${dark}); font-size: .8125rem; line-height: 1.375rem; text-align: center; }
    iframe { position: fixed; inset-block-end: 1.25rem; inset-inline-end: 1.25rem; z-index: 2147483001; inline-size: 23.5rem; block-size: min(41rem, calc(100dvh - 2.5rem));
      border: 1px solid light-dark(#c3cbcb, #394343); border-radius: 3px; background: light-dark(#ffffff, #181d1d); box-shadow: 0 18px 48px light-dark(rgb(10 20 20 / .22), rgb(0 0 0 / .6)); }
    [hidden] { display: none !important; }
    @media (max-width: 30rem) { iframe { inset: auto 0 0 0; inline-size: 100%; block-size: 86dvh; border-inline: 0; border-block-end: 0; } }
    @media print { button, iframe { display: none; } }
  `);

  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [style];

  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-haspopup", "dialog");
  button.setAttribute("aria-expanded", "false");
  button.append(icon(), label);
  const count = document.createElement("span");
  count.className = "count";
  count.hidden = true;
  button.append(count);
  root.append(button);

  let frame = null;
  let open = false;
  let ready = false;
  let word = tag.dataset.identity || "";
  const waiting = [];

  function icon() {
    const space = "http://www.w3.org/2000/svg";
    const made = document.createElementNS(space, "svg");
    made.setAttribute("viewBox", "0 0 16 16");
    made.setAttribute("aria-hidden", "true");
    const path = document.createElementNS(space, "path");
    path.setAttribute("d", "M2.5 3.500h11v7.500H8L5 13.500V11H2.500z");
    made.append(path);
    return made;
  }

  function read(name) {
    try { return localStorage.getItem(name) || ""; } catch { return ""; }
  }

  function write(name, text) {
    try { localStorage.setItem(name, text); } catch { /* then the next page starts anew */ }
  }

  function load() {
    if (frame) return;
    frame = document.createElement("iframe");
    frame.title = label;
    frame.hidden = true;
    frame.src = `${origin}/chat/${config.key}/`;
    root.append(frame);
  }

  function say(told) {
    if (ready) frame.contentWindow.postMessage(told, origin);
    else waiting.push(told);
  }

  function show(wanted) {
    load();
    open = wanted;
    frame.hidden = !open;
    button.hidden = open;
    button.setAttribute("aria-expanded", String(open));
    say({ hark: open ? "opened" : "closed" });
    if (open) frame.focus();
    else button.focus();
  }

  const heard = {
    ready() { ready = true; say({ hark: "hello", word, drawer: read(drawer) }); waiting.splice(0).forEach(say); },
    expired() { window.dispatchEvent(new CustomEvent("hark:expired")); },
    close() { if (open) show(false); },
    started() { write(mark, "1"); },
    keep({ kept }) { if (typeof kept === "string" && kept.length < 200000) write(drawer, kept); },
    unread({ unread }) {
      count.hidden = !(unread > 0);
      count.textContent = unread > 0 ? String(unread) : "";
      button.setAttribute("aria-label", unread > 0 ? `${label}, ${unread} new` : label);
    },
  };
  window.addEventListener("message", (event) => {
    if (!frame || event.source !== frame.contentWindow || event.origin !== origin) return;
    if (event.data && Object.hasOwn(heard, event.data.hark)) heard[event.data.hark](event.data);
  });
  button.addEventListener("click", () => show(true));

  // For the site: open and close the chat; tell who is signed in (a JWT that the site has signed), or that nobody is now.
  window.HarkChat = {
    open: () => show(true),
    close: () => { if (open) show(false); },
    identify: (signed) => { word = signed; if (frame) say({ hark: "identity", word }); },
    signOut: () => { word = ""; load(); say({ hark: "leave" }); },
    // The event `hark:expired` on window asks the site to call `identify` with a fresh word.
  };

  function begin() {
    document.body.append(host);
    if (read(mark)) load(); // an answer may be waiting
  }
  if (document.body) begin();
  else document.addEventListener("DOMContentLoaded", begin);
})(__CONFIG__);
