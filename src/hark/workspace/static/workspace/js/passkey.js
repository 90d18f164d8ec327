/* Passkeys: a form with `data-passkey` ("create" or "get") asks the browser before it is sent. */
document.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-passkey]");
  if (!form || form.elements.credential.value) return;
  event.preventDefault();
  const trouble = form.querySelector("[data-passkey-trouble]");
  trouble.hidden = true;
  try {
    const { publicKey } = JSON.parse(form.dataset.options);
    const made = form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
    form.elements.credential.value = JSON.stringify(made.toJSON());
    form.submit();
  } catch (problem) {
    trouble.textContent = typeof PublicKeyCredential === "undefined"
      ? "This browser, or this address without HTTPS, knows no passkeys. Use an app."
      : "That did not work, or it was stopped. Try again, or use an app.";
    trouble.hidden = false;
  }
});
