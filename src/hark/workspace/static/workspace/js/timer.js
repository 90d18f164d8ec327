/* A timer that a hidden tab does not slow down. */
addEventListener("message", (event) => setInterval(() => postMessage(0), event.data));
