// The chat page. Nothing is asked of the server and nothing is kept here before the visitor writes his first line.

import { show } from "./lines.js";
import { Outbox } from "./outbox.js";
import { follow } from "./stream.js";

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

// ── what this browser keeps ──
const drawer = `hark-chat:${key}`;
const kept = { token: "", visitor: "", proved: false, posts: [] };
let lent = null; // Many browsers close their storage to frames of other sites: then the page around keeps it for us.
function open_drawer() {
  try {
    return JSON.parse(localStorage.getItem(drawer) || "{}");
  } catch {
    return lent || {};
  }
}
function keep(changes) {
  Object.assign(kept, open_drawer(), changes);
  try {
    localStorage.setItem(drawer, JSON.stringify(kept));
  } catch {
    lent = structuredClone(kept);
    tell({ hark: "keep", kept: JSON.stringify(kept) });
  }
}
Object.assign(kept, open_drawer());
// Another tab has begun, or ended, the conversation.
window.addEventListener("storage", (event) => {
  const other = event.key === drawer ? open_drawer() : kept;
  if (other.token === kept.token) return;
  Object.assign(kept, other);
  stop();
  resume();
});

// ── the visitor's token ──
let identity = "";
let starting = null;

function token() {
  if (kept.token) return Promise.resolve(kept.token);
  starting ??= start(identity).finally(() => { starting = null; });
  return starting;
}

async function start(word) {
  const response = await fetch(`${home}/start`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(word ? { identity: word } : {}) });
  if (response.status === 403 && word) {
    console.warn("Hark: the site's word about its visitor was not believed; the chat starts without a name.");
    identity = "";
    return start("");
  }
  if (!response.ok) throw Object.assign(new Error("start"), { status: response.status, wait: Number(response.headers.get("retry-after")) });
  const told = await response.json();
  if (kept.visitor && kept.visitor !== told.visitor) forget();
  keep(told);
  return told.token;
}

// The token is over. The next line that is written begins again; the site may vouch for its visitor once more before.
function over(old) {
  if (kept.token === old) keep({ token: "" });
  if (kept.proved) tell({ hark: "expired" });
  return "";
}

// ── writing ──
async function post(body) {
  try {
    const mine = await token();
    const response = await fetch(`/in/${key}`, { method: "POST", headers: { "content-type": "application/json", authorization: `Bearer ${mine}` }, body: JSON.stringify(body) });
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
  keep: (posts) => keep({ posts }),
  post,
  changed: () => { draw(); listen(); },
});

let editing = "";
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const said = text.value.trim();
  if (!said) return;
  const post = { id: uuid(), text: said };
  outbox.add(editing ? { ...post, edit: editing } : post);
  edit(null);
  talk.scrollTop = talk.scrollHeight;
  tell({ hark: "started" });
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
let seen = new Set();
let unread = 0;
let open = !framed;

async function refresh() {
  if (!kept.token) return;
  let response;
  try {
    response = await fetch(`${home}/messages`, { headers: { authorization: `Bearer ${kept.token}` }, cache: "no-store" });
  } catch {
    return;
  }
  if (!response.ok) return;
  const told = await response.json();
  lines = told.lines;
  here.textContent = told.here ? `${told.here} is here` : here.dataset.nobody;
  text.placeholder = told.here ? `Write to ${told.here}` : "Write a message";
  outbox.settle(shown);
  count();
  draw();
}

// Is what this post asked for to be seen in what the server shows?
function shown(body) {
  const line = lines.find((one) => one.id === (body.edit || body.delete || body.id));
  if (body.delete) return !line || line.deleted;
  return Boolean(line) && (!body.edit || line.edited || line.deleted);
}

function count() {
  const ours = lines.filter((line) => line.ours && !line.deleted).map((line) => line.id);
  if (!open) unread += ours.filter((id) => !seen.has(id)).length;
  seen = new Set(ours);
  tell({ hark: "unread", unread });
}

function draw() {
  const low = talk.scrollHeight - talk.scrollTop - talk.clientHeight < 60;
  show(list, drawn(), brand);
  const waiting = outbox.posts.some((one) => one.state === "waiting");
  const word = editing ? "Changing your message. Escape leaves it as it is." : waiting ? "Not sent yet. Your message is kept here and goes out by itself." : "";
  if (state.textContent !== word) state.textContent = word;
  state.hidden = !word;
  if (low) talk.scrollTop = talk.scrollHeight;
}

// What the server shows, with what is still on its way laid over it.
function drawn() {
  const all = lines.map((line) => ({ ...line }));
  for (const { body, at, state: how, words } of outbox.posts) {
    const line = all.find((one) => one.id === (body.edit || body.delete || body.id));
    if (line && body.edit && how !== "failed") Object.assign(line, { text: body.text, edited: true }, look(how, words, body));
    else if (line && body.delete && how !== "failed") Object.assign(line, { deleted: true });
    else if (!line && !body.edit && !body.delete) all.push({ id: body.id, ours: false, text: body.text, at, ...look(how, words, body) });
  }
  const last = all.findLast((line) => !line.ours && !line.deleted && !line.state);
  if (last) last.acts = [["Edit", () => edit(last)], ["Delete", (button) => remove(last, button)]];
  return all;
}

function look(how, words, body) {
  if (how === "failed") return { look: "failed", state: `Not sent: ${words || "it was refused"}`, acts: [["Put away", () => outbox.drop(body.id)]] };
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
  seen = new Set();
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
// The first look after a line was taken, before the stream knows of the new conversation.
const later = (milliseconds) => setTimeout(refresh, milliseconds);
form.addEventListener("submit", () => [700, 2000, 5000].forEach(later));
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });

// ── the page around the frame; frame-ancestors lets only the company's own sites be that ──
function tell(word) {
  if (framed) window.parent.postMessage(word, "*");
}
const close = find("close");
close.hidden = !framed;
close.addEventListener("click", () => tell({ hark: "close" }));
document.addEventListener("keydown", (event) => { if (event.key === "Escape") tell({ hark: "close" }); });
document.body.classList.toggle("alone", !framed);

const heard = {
  // The page around the frame has nobody to vouch for: what a signed-in person said stays closed.
  hello({ word, drawer }) {
    if (drawer) borrow(drawer);
    if (word) heard.identity({ word }); else if (kept.proved) forget(); else resume();
  },
  opened() { open = true; unread = 0; tell({ hark: "unread", unread }); refresh(); text.focus(); talk.scrollTop = talk.scrollHeight; },
  closed() { open = false; },
  identity({ word }) {
    if (typeof word !== "string" || word === identity) return;
    identity = word;
    start(word).then(() => { stop(); resume(); }, () => {});
  },
  leave() { identity = ""; forget(); },
};
window.addEventListener("message", (event) => {
  if (event.source === window.parent && framed && Object.hasOwn(heard, event.data?.hark)) heard[event.data.hark](event.data);
});

function borrow(text) {
  try {
    localStorage.getItem(drawer);
  } catch {
    lent = JSON.parse(text);
    Object.assign(kept, lent);
    outbox.posts = kept.posts;
    draw();
  }
}

// Another person, or nobody, is signed in now: what was said before is not for these eyes.
function forget() {
  keep({ token: "", visitor: "", proved: false, posts: [] });
  outbox.posts = [];
  stop();
}

draw();
if (framed) tell({ hark: "ready" });
else resume();
