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
let kept = { token: "", posts: [] };
try {
  kept = { ...kept, ...JSON.parse(localStorage.getItem(drawer) || "{}") };
} catch {
  // Storage is closed to frames in this browser: the chat lasts as long as the page.
}
function keep(changes) {
  Object.assign(kept, changes);
  try {
    localStorage.setItem(drawer, JSON.stringify(kept));
  } catch {
    // As above.
  }
}

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
  if (!response.ok) return Promise.reject(Object.assign(new Error("start"), { status: response.status, wait: Number(response.headers.get("retry-after")) }));
  const told = await response.json();
  keep({ token: told.token });
  return told.token;
}

// A token that is over: a new one, and with it a new conversation.
async function startAgain(old) {
  if (kept.token === old) keep({ token: "" });
  try {
    return await token();
  } catch {
    return "";
  }
}

// ── writing ──
async function post(body) {
  try {
    const mine = await token();
    const response = await fetch(`/in/${key}`, { method: "POST", headers: { "content-type": "application/json", authorization: `Bearer ${mine}` }, body: JSON.stringify(body) });
    // The front door answers a token that it does not take as if the address were unknown.
    if ((response.status === 404 || response.status === 401) && kept.token === mine) keep({ token: "" });
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
  changed: () => { draw(); if (kept.token) listen(); },
});

let editing = "";
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const said = text.value.trim();
  if (!said) return;
  const post = { id: crypto.randomUUID(), text: said };
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
  if (button.dataset.sure) return outbox.add({ id: crypto.randomUUID(), delete: line.id });
  button.dataset.sure = "1";
  button.textContent = "Really delete";
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
  const word = editing ? "Changing your message. Escape leaves it as it is." : waiting ? "No connection just now. Your message is kept here and goes out by itself." : "";
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
  if (line) return;
  line = new AbortController();
  const mine = kept.token;
  follow(`${home}/live`, mine, { heard: refresh, refused: () => startAgain(mine), signal: line.signal }).finally(() => { line = null; });
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
  opened() { open = true; unread = 0; tell({ hark: "unread", unread }); refresh(); text.focus(); talk.scrollTop = talk.scrollHeight; },
  closed() { open = false; },
  identity({ word }) {
    if (typeof word !== "string" || word === identity) return;
    identity = word;
    forget();
    token().then(() => { refresh(); listen(); }, () => {});
  },
  leave() { identity = ""; forget(); },
};
window.addEventListener("message", (event) => {
  if (event.source === window.parent && framed && Object.hasOwn(heard, event.data?.hark)) heard[event.data.hark](event.data);
});

// Another person, or nobody, is signed in now: what was said before is not for these eyes.
function forget() {
  line?.abort();
  keep({ token: "", posts: [] });
  outbox.posts = [];
  lines = [];
  seen = new Set();
  draw();
}

draw();
tell({ hark: "ready" });
if (kept.token) {
  refresh();
  listen();
  outbox.run();
  tell({ hark: "started" });
} else if (kept.posts.length) {
  outbox.run();
}
