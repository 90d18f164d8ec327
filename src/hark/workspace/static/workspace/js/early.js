/* Runs before anything is painted, as a plain script: the chosen theme, and the one gate through which text becomes HTML.

Trusted Types: htmx and our own code hand HTML from our server to the browser through the policy `default`. It looks at the
text in an inert document first and refuses whatever could run, so that a hole in a template stays a hole in a page without
scripts. The policy `hark` is how that inert document is made; nothing else may use it. */
(function () {
  "use strict";
  document.documentElement.classList.add("scripted");
  try {
    const theme = localStorage.getItem("hark-theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch { /* storage is closed: the system's theme */ }

  if (!window.trustedTypes || !trustedTypes.createPolicy) return;
  const inert = trustedTypes.createPolicy("hark", { createHTML: (text) => text });
  const RUNS = "script, iframe, object, embed, base, meta[http-equiv], link[rel=import], form[action^='javascript' i], a[href^='javascript' i]";

  function runnable(root) {
    if (root.querySelector(RUNS)) return true;
    for (const element of root.querySelectorAll("*")) {
      if (element.localName === "template" && runnable(element.content)) return true;
      for (const name of element.getAttributeNames()) if (name.startsWith("on") || name === "srcdoc") return true;
    }
    return false;
  }

  trustedTypes.createPolicy("default", {
    createHTML(text) {
      if (text === "") return text;
      const document_ = new DOMParser().parseFromString(inert.createHTML(text), "text/html");
      if (runnable(document_)) throw new TypeError("Refused: this HTML would run something.");
      return text;
    },
    createScriptURL(address) {
      const url = new URL(address, location.href);
      if (url.origin === location.origin && /^\/(?:worker\.js|static\/workspace\/js\/timer\.js)$/.test(url.pathname)) return address;
      throw new TypeError("Refused: only the desk's own timer and push worker may run as workers.");
    },
  });
})();
