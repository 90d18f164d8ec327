/* "Next" from a case: that case is not the next one. */
import { openCase } from "./page.js";

document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.path === "/next/" && openCase()) event.detail.parameters.but = openCase();
});
