/* What stands ready while no page of Hark is open: shows what is pushed, and opens its case. It keeps nothing and fetches nothing. */
const DESK = /^\/(?!sign-in|join|chat|form|help)/;
const ICON = "/static/workspace/icon-192.png";

async function show({ title, body, path, tag }) {
  for (const older of await registration.getNotifications()) if (older.data?.path === path) older.close();
  await registration.showNotification(title, { body, tag, icon: ICON, badge: ICON, data: { path } });
}

/* In a page of the desk that is open, else in a new one. */
async function open(path) {
  const pages = await clients.matchAll({ type: "window", includeUncontrolled: true });
  const desk = pages.filter((page) => page.frameType === "top-level" && DESK.test(new URL(page.url).pathname));
  const page = desk.find((one) => new URL(one.url).pathname === path) ?? desk.find((one) => one.focused) ?? desk[0];
  if (!page) { await clients.openWindow(path); return; }
  await page.focus().catch(() => {});
  page.postMessage({ open: path });
}

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("push", (event) => {
  let said;
  try { said = event.data.json(); } catch { said = { title: "News in Hark", body: "", path: "/notices/", tag: "hark" }; }
  event.waitUntil(show(said));
});
addEventListener("notificationclick", (event) => {
  event.notification.close();
  const path = event.notification.data?.path;
  event.waitUntil(open(/^\/[a-z]/.test(path ?? "") ? path : "/notices/"));
});
