// What this browser keeps of a talk. Many browsers close their storage to frames of other sites; there the page around
// the frame keeps it: `lend(text)` asks it to, and what it has kept comes back through `borrow`.

const EMPTY = { token: "", visitor: "", proved: false, sub: "", seenAt: "", noMail: false, posts: [] };

export class Drawer {
  constructor(name, lend) {
    this.name = name;
    this.lend = lend;
    this.lent = null;
    this.kept = { ...EMPTY, ...this.read() };
  }

  read() {
    try {
      return JSON.parse(localStorage.getItem(this.name) || "{}");
    } catch {
      return this.lent || {};
    }
  }

  keep(changes) {
    Object.assign(this.kept, this.read(), changes);
    const text = JSON.stringify(this.kept);
    try {
      localStorage.setItem(this.name, text);
    } catch {
      this.lent = JSON.parse(text);
      this.lend(text);
    }
  }

  // True when what the page around has kept is what counts here.
  borrow(text) {
    try {
      localStorage.getItem(this.name);
      return false;
    } catch {
      this.lent = JSON.parse(text);
      Object.assign(this.kept, this.lent);
      return true;
    }
  }

  empty() {
    this.keep({ ...EMPTY, posts: [] });
  }

  // Another tab has begun, or ended, the talk.
  onOther(changed) {
    window.addEventListener("storage", (event) => {
      const other = event.key === this.name ? this.read() : this.kept;
      if (other.token === this.kept.token) return;
      Object.assign(this.kept, other);
      changed();
    });
  }
}

// Reads, without believing it, the payload of a token: the middle of a JWT, or the front of one of ours.
export function payload(token, part) {
  try {
    return JSON.parse(atob(token.split(".")[part].replaceAll("-", "+").replaceAll("_", "/")));
  } catch {
    return {};
  }
}
