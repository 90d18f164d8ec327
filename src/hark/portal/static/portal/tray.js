// Files beside the line that is being written: picked, pasted or dropped, brought by pieces, named by what the server says.

import { element } from "./lines.js";

const PIECE = 1 << 20;
const MOST = 5;
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;
const rest = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export class Tray {
  // `send(query, piece)` resolves to { status, wait, told }; `changed()` is called when something has come or gone.
  constructor({ list, picker, button, zone, send, changed, uuid }) {
    Object.assign(this, { list, send, changed, uuid });
    this.files = []; // { id, file, state: "coming" | "here" | "failed", receipt, words, at }
    button.addEventListener("click", () => picker.click());
    picker.addEventListener("change", () => { this.add(picker.files); picker.value = ""; });
    zone.addEventListener("paste", (event) => {
      if (!event.clipboardData?.files.length) return;
      event.preventDefault();
      this.add(event.clipboardData.files);
    });
    for (const kind of ["dragover", "drop"]) {
      zone.addEventListener(kind, (event) => {
        if (!event.dataTransfer?.types.includes("Files")) return;
        event.preventDefault();
        if (kind === "drop") this.add(event.dataTransfer.files);
      });
    }
  }

  get coming() { return this.files.some((one) => one.state === "coming"); }
  get receipts() { return this.files.filter((one) => one.state === "here").map((one) => one.receipt); }

  add(picked) {
    for (const file of picked) {
      if (this.files.length >= MOST) break;
      const one = { id: this.uuid(), file, state: "coming", at: 0 };
      this.files.push(one);
      this.bring(one);
    }
    this.draw();
  }

  drop(one) {
    this.files = this.files.filter((each) => each !== one);
    this.draw();
  }

  // What was here goes with the line; what failed stays to be seen.
  taken() {
    this.files = this.files.filter((one) => one.state === "failed");
    this.draw();
  }

  async bring(one) {
    let wait = FIRST_WAIT;
    while (this.files.includes(one)) {
      const query = new URLSearchParams({ id: one.id, at: one.at, size: one.file.size, name: one.file.name });
      const { status, wait: asked, told } = await this.send(query, one.file.slice(one.at, one.at + PIECE));
      if (status === 200 || status === 409) {
        one.at = told.at;
        wait = FIRST_WAIT;
        if (told.receipt) return this.end(one, "here", { receipt: told.receipt });
        if (status === 409) await rest(wait);
      } else if (status === 413 || status === 422) {
        return this.end(one, "failed", { words: told.error });
      } else {
        await rest(Math.max(wait, (asked || 0) * 1000));
        wait = Math.min(LONGEST_WAIT, wait * 2);
      }
      this.draw();
    }
    return undefined;
  }

  end(one, state, more) {
    Object.assign(one, { state }, more);
    this.draw();
  }

  draw() {
    this.list.hidden = !this.files.length;
    this.list.replaceChildren(...this.files.map((one) => this.item(one)));
    this.changed();
  }

  item(one) {
    const item = element("li", `tray__file tray__file--${one.state}`);
    const share = one.file.size ? Math.round((100 * one.at) / one.file.size) : 0;
    const words = { coming: `${share} %`, here: "", failed: one.words || "It could not be taken." }[one.state];
    const remove = element("button", "plain", "Remove");
    remove.type = "button";
    remove.setAttribute("aria-label", `Remove ${one.file.name}`);
    remove.addEventListener("click", () => this.drop(one));
    item.append(element("bdi", "", one.file.name), element("span", "tray__state", words), remove);
    return item;
  }
}
