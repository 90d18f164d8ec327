// The chat page. Nothing is asked of the server and nothing is kept here before the visitor writes his first line.

import { Drawer, payload } from "./drawer.js";
import { show } from "./lines.js";
import { Mail } from "./mail.js";
import { Outbox } from "./outbox.js";
import { follow } from "./stream.js";
import { Tray } from "./tray.js";

const key = document.body.dataset.key;
const brand = document.title.replace("Chat with ", "");
const home = `/chat/${key}`;
const find = (name) => document.querySelector(`[data-${name}]`);
const list = find("lines");
const talk = find("talk");
const state = find("state");
const here = find("here");
const form = find("write");
const text = form.querySelector("textarea");
const framed = window.parent !== window;

// The page around the frame; `frame-ancestors` lets only the company's own sites be that.
function tell(word) {
  if (framed) window.parent.postMessage(word, "*");
}

const drawer = new Drawer(`hark-chat:${key}`, (kept) => tell({ hark: "keep", kept }));
const { kept } = drawer;
drawer.onOther(() => { stop(); resume(); });

// ── the visitor's token ──
const ENOUGH = 300; // seconds a proved token must still be good for
let identity = "";
let starting = null;

function token() {
  if (kept.token) return Promise.resolve(kept.token);
  starting ??= start(identity).finally(() => { starting = null; });
  return starting;
}

async function start(word) {
  const body = JSON.stringify(word ? { identity: word } : {});
  const response = await fetch(`${home}/start`, { method: "POST", headers: { "content-type": "application/json" }, body });
  if (response.status === 403 && word) {
    console.warn("Hark: the site's word about its visitor was not believed; the chat starts without a name.");
    identity = "";
    return start("");
  }
  if (!response.ok) {
    throw Object.assign(new Error("start"), { status: response.status, wait: Number(response.headers.get("retry-after")) });
  }
  const told = await response.json();
  if (kept.visitor && kept.visitor !== told.visitor) forget();
  drawer.keep({ ...told, sub: word ? payload(word, 1).sub : "" });
  return told.token;
}

// The token is over. The next line that is written begins again; the site may vouch for its visitor once more before.
function over(old) {
  if (kept.token === old) drawer.keep({ token: "" });
  if (kept.proved) tell({ hark: "expired" });
}

// ── writing ──
async function post(body) {
  try {
    const mine = await token();
    const headers = { "content-type": "application/json", authorization: `Bearer ${mine}` };
    const response = await fetch(`/in/${key}`, { method: "POST", headers, body: JSON.stringify(body) });
    // The front door answers a token that it does not take as if the address were unknown.
    if (response.status === 404 || response.status === 401) over(mine);
    const told = response.ok ? {} : await response.json().catch(() => ({}));
    return { status: response.status, wait: Number(response.headers.get("retry-after")), words: told.error };
  } catch (error) {
    return { status: error.status || 0, wait: error.wait || 0 };
  }
}

const outbox = new Outbox({
  kept: kept.posts,
  keep: (posts) => drawer.keep({ posts }),
  post,
  changed: () => { draw(); listen(); },
});

// Something else than a line: small, asked for by a click, answered at once.
async function ask(what, body) {
  try {
    const headers = { "content-type": "application/json", authorization: `Bearer ${await token()}` };
    const response = await fetch(`${home}/${what}`, { method: "POST", headers, body: JSON.stringify(body) });
    return { status: response.status, told: await response.json() };
  } catch {
    return { status: 0, told: { error: "No connection. Please try again." } };
  }
}
const mail = new Mail({ post: ask, drawer, changed: () => { refresh(); text.focus(); } });

// Files come in while the line is written; a line that is sent before they are here goes when they are.
let waits = false;
function wait(wanted) {
  waits = wanted;
  draw();
}
const tray = find("tray") && new Tray({
  list: find("tray"), picker: find("picker"), button: find("add"), zone: document.body, uuid,
  async send(query, piece) {
    try {
      const mine = await token();
      const headers = { authorization: `Bearer ${mine}`, "content-type": "application/octet-stream" };
      const response = await fetch(`${home}/files?${query}`, { method: "POST", headers, body: piece });
      if (response.status === 401) over(mine);
      return { status: response.status, wait: Number(response.headers.get("retry-after")), told: await response.json() };
    } catch (error) {
      return { status: error.status || 0, wait: error.wait || 0, told: {} };
    }
  },
  changed() {
    if (waits && !tray.coming) {
      wait(false);
      form.requestSubmit();
    }
  },
});

let editing = "";
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const said = text.value.trim();
  if (!editing && tray?.coming) return wait(true);
  const files = editing ? [] : tray?.receipts || [];
  if (!said && !files.length) return;
  outbox.add({ id: uuid(), text: said, ...(editing ? { edit: editing } : {}), ...(files.length ? { files } : {}) });
  if (files.length) tray.taken();
  edit(null);
  low = true;
  talk.scrollTop = talk.scrollHeight;
  tell({ hark: "started" });
  // The first looks, before the stream knows of a new conversation.
  for (const milliseconds of [700, 2000, 5000]) setTimeout(refresh, milliseconds);
});
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && !matchMedia("(pointer: coarse)").matches) {
    event.preventDefault();
    form.requestSubmit();
  }
  if (event.key === "Escape" && editing) {
    event.stopPropagation();
    edit(null);
  }
});
text.addEventListener("input", grow);

function grow() {
  if (CSS.supports("field-sizing", "content")) return;
  text.style.blockSize = "auto";
  text.style.blockSize = `${text.scrollHeight}px`;
}

function edit(line) {
  editing = line ? line.id : "";
  text.value = line ? line.text : "";
  grow();
  draw();
  text.focus();
}

// A deletion asks once more, in place: frames may not open a dialogue.
function remove(line, button) {
  if (button.dataset.sure) return outbox.add({ id: uuid(), delete: line.id });
  button.dataset.sure = "1";
  button.textContent = "Really delete";
}

// crypto.randomUUID is there on https only.
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

// ── reading ──
let lines = [];
let open = !framed;
let reading = false;
let readAgain = false;
let somebody = "";

// One look at a time; whoever asks meanwhile gets another one after it.
async function refresh() {
  readAgain = true;
  if (reading) return;
  reading = true;
  while (readAgain && kept.token) {
    readAgain = false;
    const mine = kept.token;
    const told = await look(mine);
    if (told && mine === kept.token) shownNow(told);
  }
  reading = false;
}

// Is the talk before the visitor's eyes?
const looking = () => open && !document.hidden;

async function look(mine) {
  try {
    const response = await fetch(`${home}/messages${looking() ? "?open=1" : ""}`, { headers: { authorization: `Bearer ${mine}` }, cache: "no-store" });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

function shownNow(told) {
  lines = told.lines;
  somebody = told.here;
  here.textContent = somebody ? `${somebody} is here` : here.dataset.nobody;
  text.placeholder = somebody ? `Write to ${somebody}` : "Write a message";
  outbox.settle(isThere);
  mail.show(told.mail, lines.some((line) => !line.ours));
  count();
  draw();
}

// "Tessa is here" must not outlive her being here; nothing is told to visitors when an agent leaves. And whoever looks at
// the talk says so: what he has not seen here goes on by mail.
setInterval(() => { if (looking() && (somebody || mail.known?.address)) refresh(); }, 45_000);

// Is what this post asked for to be seen in what the server shows?
function isThere(body) {
  const line = lines.find((one) => one.id === (body.edit || body.delete || body.id));
  if (body.delete) return !line || line.deleted;
  return Boolean(line) && (!body.edit || line.edited || line.deleted);
}

// How many answers have come since the chat was last open.
function count() {
  const ours = lines.filter((line) => line.ours && !line.deleted);
  const newest = ours.reduce((latest, line) => (line.at > latest ? line.at : latest), "");
  if (open && newest > kept.seenAt) drawer.keep({ seenAt: newest });
  tell({ hark: "unread", unread: ours.filter((line) => line.at > kept.seenAt).length });
}

function draw() {
  show(list, drawn(), brand, places);
  const waiting = outbox.posts.some((one) => one.state === "waiting");
  const late = waiting ? "Not sent yet. Your message is kept here and goes out by itself." : "";
  const files = waits ? "It goes out when your files are here." : "";
  const word = editing ? "Changing your message. Escape leaves it as it is." : late || files;
  if (state.textContent !== word) state.textContent = word;
  state.hidden = !word;
}

// Where a file is to be had: fetched with the visitor's token, once, and kept as long as the page.
const blobs = new Map();
function fetched(path) {
  if (!blobs.has(path)) {
    blobs.set(path, (async () => {
      const response = await fetch(path, { headers: { authorization: `Bearer ${kept.token}` } });
      if (!response.ok) { blobs.delete(path); throw new Error(`${response.status}`); }
      return URL.createObjectURL(await response.blob());
    })());
  }
  return blobs.get(path);
}
const places = (file) => ({ preview: () => fetched(`${home}/files/${file.id}/preview`), download: () => fetched(`${home}/files/${file.id}/download`) });

// Whoever reads the newest line goes on reading the newest line, whatever grows: the talk, the text being written.
let low = true;
talk.addEventListener("scroll", () => { low = talk.scrollHeight - talk.scrollTop - talk.clientHeight < 60; }, { passive: true });
const stay = new ResizeObserver(() => { if (low) talk.scrollTop = talk.scrollHeight; });
stay.observe(talk);
stay.observe(list);

// What the server shows, with what is still on its way laid over it.
function drawn() {
  const all = lines.map((line) => ({ ...line }));
  for (const { body, at, state: how, words } of outbox.posts) {
    const line = all.find((one) => one.id === (body.edit || body.delete || body.id));
    if (!line && !body.edit && !body.delete) all.push({ id: body.id, ours: false, text: withFiles(body), at, ...lookOf(how, words, body) });
    else if (line && how === "failed") Object.assign(line, lookOf(how, words, body));
    else if (line && body.edit) Object.assign(line, { text: body.text, edited: true }, lookOf(how, words, body));
    else if (line && body.delete) line.deleted = true;
  }
  const last = all.findLast((line) => !line.ours && !line.mail && !line.deleted && !line.state);
  if (last) last.acts = [["Edit", () => edit(last)], ["Delete", (button) => remove(last, button)]];
  return all;
}

// A line on its way tells the names of its files; what they look like the server shows.
function withFiles({ text: said, files = [] }) {
  return [said, ...files.map((receipt) => payload(receipt, 0).name)].filter(Boolean).join("\n");
}

function lookOf(how, words, body) {
  if (how === "failed") {
    return { look: "failed", state: `Not sent: ${words || "it was refused"}`, acts: [["Put away", () => outbox.drop(body.id)]] };
  }
  if (how === "sent") return { state: "Sent" };
  return { look: "waiting", state: how === "waiting" ? "Not sent yet" : "Sending…" };
}

// ── live ──
let line = null;
function listen() {
  if (line || !kept.token) return;
  const mine = line = new AbortController();
  const bearer = kept.token;
  follow(`${home}/live`, bearer, { heard: refresh, refused: () => over(bearer), signal: mine.signal })
    .finally(() => { if (line === mine) line = null; });
}
function stop() {
  line?.abort();
  line = null;
  lines = [];
  draw();
}
function resume() {
  if (kept.token) {
    refresh();
    listen();
    tell({ hark: "started" });
  }
  outbox.run();
}
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });

// Another person, or nobody, is signed in now: what was said before is not for these eyes.
function forget() {
  drawer.empty();
  blobs.clear();
  outbox.posts = kept.posts;
  mail.show(null, false);
  stop();
}

// ── what the page around says ──
const close = find("close");
close.hidden = !framed;
close.addEventListener("click", () => tell({ hark: "close" }));
document.addEventListener("keydown", (event) => { if (event.key === "Escape") tell({ hark: "close" }); });
document.body.classList.toggle("alone", !framed);

const heard = {
  // Where nobody is vouched for, what a signed-in person said stays closed.
  hello({ word, drawer: borrowed }) {
    if (borrowed && drawer.borrow(borrowed)) outbox.posts = kept.posts;
    if (word) heard.identity({ word });
    else if (kept.proved) forget();
    else resume();
  },
  opened() {
    open = true;
    count();
    refresh();
    text.focus();
    talk.scrollTop = talk.scrollHeight;
  },
  closed() { open = false; },
  identity({ word }) {
    if (typeof word !== "string" || word === identity) return;
    identity = word;
    const left = payload(kept.token, 0).t - Date.now() / 1000;
    if (kept.proved && kept.sub === payload(word, 1).sub && left > ENOUGH) resume();
    else start(word).then(() => { stop(); resume(); }, () => {});
  },
  leave() {
    identity = "";
    forget();
  },
};
window.addEventListener("message", (event) => {
  if (event.source === window.parent && framed && Object.hasOwn(heard, event.data?.hark)) heard[event.data.hark](event.data);
});

draw();
if (framed) tell({ hark: "ready" });
else resume();
