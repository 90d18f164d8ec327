// Puts the contact form where this script tag stands.
(function (config) {
  "use strict";
  const tag = document.currentScript;
  const origin = new URL(tag.src).origin;
  const frame = document.createElement("iframe");
  frame.src = `${origin}/form/${config.key}/?embed=1`;
  frame.title = config.title;
  frame.loading = "lazy";
  frame.style.cssText = "border:0;inline-size:100%;block-size:36rem;color-scheme:light dark";
  tag.after(frame);
  window.addEventListener("message", (event) => {
    if (event.source !== frame.contentWindow || event.origin !== origin) return;
    const said = event.data;
    if (said && said.hark === "height" && Number.isFinite(said.height)) {
      frame.style.blockSize = `${Math.min(5000, Math.max(120, said.height + 4))}px`;
    }
  });
})(__CONFIG__);
