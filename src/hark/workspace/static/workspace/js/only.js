/* What is of use with one choice only: `data-only="set_sign_in google microsoft"` shows it while that field says one of
   them. Without script all of it stands there. */
import { all } from "./page.js";

function show() {
  for (const part of all("[data-only]")) {
    const [name, ...values] = part.dataset.only.split(" ");
    const field = document.getElementById(`id_${name}`);
    if (field) (part.closest(".field") ?? part).hidden = !values.includes(field.value);
  }
}

document.addEventListener("change", (event) => {
  if (event.target.matches("select")) show();
});
show();
