// The private page of a form: keeps itself up to date while it is looked at. Without script a reload does the same.

import { show } from "./lines.js";
import "./form.js";

const EVERY = 10_000;
const list = document.querySelector("[data-lines]");
const brand = document.title.replace("Your messages with ", "");

const places = ({ id }) => ({ preview: () => `${location.pathname}files/${id}/preview`, download: `${location.pathname}files/${id}/download` });

async function refresh() {
  if (document.hidden) return;
  try {
    const response = await fetch(`${location.pathname}lines`, { cache: "no-store" });
    if (response.ok) {
      const { lines } = await response.json();
      if (lines.length) show(list, lines, brand, places);
    }
  } catch {
    // No connection: the next round tries again.
  }
}

setInterval(refresh, EVERY);
setTimeout(refresh, 1500);
document.addEventListener("visibilitychange", refresh);
refresh();
