/* Web push: this browser is told while no page of Hark is open, only when its person asks for it. Shown by `worker.js`. */
import { ask, one, say } from "./page.js";

const HAND_EVERY = 25000;
const WORKER = "/worker.js";
const CHECKED = "hark-push-checked";
const able = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
let handAt = 0;

const post = (values) => ask("/notices/push/", { method: "POST", body: new URLSearchParams(values) });

async function subscription() {
  const found = able && await navigator.serviceWorker.getRegistration(WORKER);
  return found ? found.pushManager.getSubscription() : null;
}

/* Is this browser told? Asking also says to the server that it has come back, after another sign-in. */
async function told() {
  const there = await subscription();
  if (!there) return false;
  const answer = await post({ act: "back", endpoint: there.endpoint });
  return answer.ok && (await answer.json()).told;
}

async function switchOn(key) {
  if (await Notification.requestPermission() !== "granted") return;
  const found = await navigator.serviceWorker.register(WORKER, { scope: "/" });
  await navigator.serviceWorker.ready;
  const there = await found.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const { endpoint, keys } = there.toJSON();
  const answer = await post({ act: "on", endpoint, ...keys });
  if (answer.status !== 204) throw new Error(`${answer.status}`);
}

async function switchOff() {
  const there = await subscription();
  await post({ act: "off", endpoint: there.endpoint });
  await there.unsubscribe();
}

async function draw() {
  const place = one("[data-push]");
  if (!place) return;
  const on = await told();
  const denied = able && Notification.permission === "denied";
  one("[data-push-on]", place).hidden = on || !able || denied;
  one("[data-push-off]", place).hidden = !on;
  one("[data-push-said]", place).textContent = !able ? place.dataset.unable : denied ? place.dataset.denied : on ? place.dataset.on : "";
}

async function press(work, failed) {
  try { await work(); location.reload(); } catch { say(failed, true); }
}

/* Whoever moves a hand at the desk needs no push. */
function hand() {
  if (document.hidden || Date.now() - handAt < HAND_EVERY) return;
  handAt = Date.now();
  ask("/notices/here/", { method: "POST" }).catch(() => {});
}

document.addEventListener("click", (event) => {
  const place = event.target.closest?.("[data-push]");
  if (event.target.closest?.("[data-push-on]")) press(() => switchOn(place.dataset.pushKey), "This browser could not be switched on. Its push service did not answer.");
  if (event.target.closest?.("[data-push-off]")) press(switchOff, "It could not be switched off. Try again in a moment.");
});
for (const kind of ["pointerdown", "pointermove", "keydown", "wheel"]) document.addEventListener(kind, hand, { passive: true, capture: true });
if (able) navigator.serviceWorker.addEventListener("message", (event) => {
  if (event.data?.open) document.dispatchEvent(new CustomEvent("hark:open", { detail: { href: event.data.open } }));
});
if (one("[data-push]")) draw();
else if (able && Notification.permission === "granted" && !sessionStorage.getItem(CHECKED)) told().then(() => sessionStorage.setItem(CHECKED, "1")).catch(() => {});
