// What the visitor wrote and the server has not yet confirmed. Kept in this browser, sent again with the same id until it
// is confirmed, in the order of writing: a line cannot be lost by a lost connection, nor doubled by sending it twice.

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;

export class Outbox {
  // `post(body)` resolves to { status, wait, words }; `changed()` is called when the state of a post has changed.
  constructor({ kept, keep, post, changed }) {
    this.posts = kept;
    this.keep = keep;
    this.post = post;
    this.changed = changed;
    this.running = false;
    this.wait = FIRST_WAIT;
    window.addEventListener("online", () => { this.wait = FIRST_WAIT; this.run(); });
  }

  add(body) {
    this.posts.push({ body, at: new Date().toISOString(), state: "sending" });
    this.save();
    this.run();
  }

  // Forgets confirmed posts that `seen(body)` finds among what the server shows.
  settle(seen) {
    const before = this.posts.length;
    this.posts = this.posts.filter((one) => !(one.state === "sent" && seen(one.body)));
    if (this.posts.length !== before) this.save();
  }

  drop(id) {
    this.posts = this.posts.filter((one) => one.body.id !== id);
    this.save();
  }

  save() {
    this.keep(this.posts);
    this.changed();
  }

  async run() {
    if (this.running) return;
    this.running = true;
    try {
      for (;;) {
        const next = this.posts.find((one) => one.state === "sending" || one.state === "waiting");
        if (!next) return;
        if (!(await this.attempt(next))) {
          await new Promise((resolve) => setTimeout(resolve, this.wait * (0.7 + 0.6 * Math.random())));
          this.wait = Math.min(LONGEST_WAIT, this.wait * 2);
        }
      }
    } finally {
      this.running = false;
    }
  }

  // True when the next post may follow at once.
  async attempt(next) {
    const answer = await this.post(next.body);
    if (answer.status >= 200 && answer.status < 300) {
      next.state = "sent";
      this.wait = FIRST_WAIT;
    } else if (answer.status === 413 || answer.status === 422) {
      next.state = "failed";
      next.words = answer.words;
    } else {
      next.state = "waiting";
      if (answer.wait) this.wait = Math.max(this.wait, answer.wait * 1000);
    }
    this.save();
    return next.state !== "waiting";
  }
}
