// Small comforts of the form. It works without any of them.

for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", () => {
    const button = form.querySelector("[type=submit]");
    button.setAttribute("aria-disabled", "true");
    button.textContent = "Sending…";
    // A second press does nothing; the one-time number would make it the same message anyway.
    form.addEventListener("submit", (event) => event.preventDefault());
  });
}
document.querySelector("[data-focus]")?.focus();

if (window.parent !== window) {
  const tell = () => window.parent.postMessage({ hark: "height", height: Math.ceil(document.documentElement.getBoundingClientRect().height) }, "*");
  new ResizeObserver(tell).observe(document.documentElement);
}
