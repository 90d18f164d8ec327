// Server-sent events read with fetch, because EventSource cannot carry the visitor's token in a header.

const LONGEST_WAIT = 30_000;

const rest = (milliseconds, signal) => new Promise((resolve) => {
  const timer = setTimeout(resolve, milliseconds);
  signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
});

// Follows `address` until `signal` is aborted. `heard()` is called for each event and after each new connection; what
// happened is fetched, not told. `refused()` is called when the token is not taken, and that is the end.
export async function follow(address, token, { heard, refused, signal }) {
  let last = "";
  let wait = 1000;
  while (!signal.aborted) {
    try {
      const headers = { authorization: `Bearer ${token}`, ...(last ? { "last-event-id": last } : {}) };
      const response = await fetch(address, { headers, signal, cache: "no-store" });
      if (response.status === 401) {
        refused();
        return;
      }
      if (response.ok) {
        heard();
        await read(response.body.getReader(), (event) => {
          wait = 1000;
          if (event.id) last = event.id;
          if (event.told) heard();
        });
      }
    } catch (error) {
      if (error.name === "AbortError") return;
    }
    await rest(wait * (0.7 + 0.6 * Math.random()), signal);
    wait = Math.min(LONGEST_WAIT, wait * 2);
  }
}

async function read(reader, each) {
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += decoder.decode(value, { stream: true });
    const events = text.split("\n\n");
    text = events.pop();
    for (const event of events) {
      const lines = event.split("\n");
      const id = lines.find((line) => line.startsWith("id:"));
      each({ id: id ? id.slice(3).trim() : "", told: lines.some((line) => line.startsWith("data:") || line.startsWith("event:")) });
    }
  }
}
