/* Many boxes at once: `data-tick="all"` ticks every message of its form and its files, `"last"` the newest alone. */
import { all } from "./page.js";

function tick(button) {
  const lines = all("li", button.closest("fieldset"));
  for (const line of lines) {
    const on = button.dataset.tick === "all" || line === lines.at(-1);
    for (const box of all('input[type="checkbox"]', line)) box.checked = on;
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-tick]");
  if (button) tick(button);
});
/* A file goes along with its message only. */
document.addEventListener("change", (event) => {
  if (!event.target.matches('.outside__story [name="message"]')) return;
  for (const box of all('[name="file"]', event.target.closest("li"))) box.checked = event.target.checked;
});
