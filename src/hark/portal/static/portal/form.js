// Small comforts of the form. It works without any of them.

for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (tooLarge(form)) return event.preventDefault();
    const button = form.querySelector("[type=submit]");
    button.setAttribute("aria-disabled", "true");
    button.textContent = "Sending…";
    // A second press does nothing; the one-time number would make it the same message anyway.
    form.addEventListener("submit", (event) => event.preventDefault());
  });
}

// Said here, because a post that is too large comes back without what was typed.
function tooLarge(form) {
  const picked = form.querySelector("input[type=file]");
  if (!picked) return false;
  const size = [...picked.files].reduce((sum, file) => sum + file.size, 0);
  const wrong = size > Number(picked.dataset.most);
  document.getElementById("f-files-error").hidden = !wrong;
  picked.setAttribute("aria-invalid", String(wrong));
  if (wrong) picked.focus();
  return wrong;
}

document.querySelector("[data-focus]")?.focus();

if (window.parent !== window) {
  const tell = () => window.parent.postMessage({ hark: "height", height: Math.ceil(document.documentElement.getBoundingClientRect().height) }, "*");
  new ResizeObserver(tell).observe(document.documentElement);
}
