// When the visitor leaves: the address at which the talk goes on, and the talk as a mail once it was closed.

const find = (name) => document.querySelector(`[data-mail${name}]`);
const strip = find("");
const words = find("-words");
const form = find("-form");
const field = form.querySelector("input");
const trouble = find("-trouble");
const [change, ask, no] = ["-change", "-ask", "-no"].map(find);

export class Mail {
  // `post(what, body)` resolves to { status, told }; `drawer` keeps that somebody does not want to be asked.
  constructor({ post, drawer, changed }) {
    Object.assign(this, { post, drawer, changed });
    this.known = null; // what the server says: { address, suggested, transcript }
    this.typing = false;
    this.sent = false;
    form.addEventListener("submit", (event) => { event.preventDefault(); this.leave(field.value.trim()); });
    change.addEventListener("click", () => { this.type(true); field.focus(); field.select(); });
    no.addEventListener("click", () => this.decline());
    ask.addEventListener("click", () => this.send());
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.type(false);
    });
  }

  // `begun`: the visitor has written, and the server has it.
  show(known, begun) {
    this.known = begun ? known : null;
    if (known?.transcript) this.sent = false;
    this.draw();
  }

  type(wanted) {
    this.typing = wanted;
    trouble.hidden = true;
    if (wanted) field.value = this.known.address;
    this.draw();
  }

  draw() {
    const { known } = this;
    const offered = known && !known.address && !this.drawer.kept.noMail;
    strip.hidden = !known || (!known.address && !offered && !this.typing);
    if (strip.hidden) return;
    form.hidden = !(this.typing || offered);
    if (offered && known.suggested && !this.suggested) {
      this.suggested = true;
      field.value = known.suggested;
    }
    change.hidden = !known.address || this.typing;
    ask.hidden = !known.transcript || this.typing;
    no.textContent = known.address ? "Leave it as it is" : "No, thanks";
    const said = this.sentence();
    if (words.textContent !== said) words.textContent = said;
  }

  sentence() {
    const { address } = this.known;
    if (this.typing && address) return "Where should we answer if you leave? Empty: only here.";
    if (!address) return "Have to go? Leave your e-mail address, and we answer there if you are no longer here.";
    if (this.sent) return `This talk is on its way to ${address}.`;
    return `We answer here; if you leave, by e-mail at ${address}.`;
  }

  decline() {
    if (!this.known.address) this.drawer.keep({ noMail: true });
    this.type(false);
    this.changed();
  }

  async leave(address) {
    if (!address && !this.known.address) return field.focus();
    const { status, told } = await this.post("address", { address });
    if (status !== 200) return this.complain(told);
    this.known = { ...this.known, address: told.address };
    field.value = "";
    if (!told.address) this.drawer.keep({ noMail: true });
    this.type(false);
    return this.changed();
  }

  async send() {
    const { status, told } = await this.post("transcript", {});
    if (status !== 200) return this.complain(told);
    this.sent = true;
    this.known = { ...this.known, transcript: false };
    return this.draw();
  }

  complain(told) {
    trouble.textContent = told.error || "That did not work. Please try again later.";
    trouble.hidden = false;
  }
}
