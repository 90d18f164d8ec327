/* Answering at the venue itself: the words go along on the clipboard, and the case remembers who went. */
import { ask, one, say } from "./page.js";

document.addEventListener("click", async (event) => {
  if (!event.target.closest("[data-there]")) return;
  const box = one("#composer");
  const text = one("#reply", box)?.value.trim() ?? "";
  const asked = { act: "went", conversation: one('[name="conversation"]', box).value };
  const noted = ask(`/case/${box.dataset.case}/there/`, { method: "POST", body: new URLSearchParams(asked) });
  if (text) {
    try {
      await navigator.clipboard.writeText(text);
      say("Your words are on the clipboard.");
    } catch {
      say("Your words could not be copied; take them along by hand.", true);
    }
  }
  await noted;
});
