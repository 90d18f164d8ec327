/* Files beside what is being written: picked, dropped or pasted, sent by pieces, shown while they come in. */
import { ask, one, part, replaceById, say } from "./page.js";

const PIECE = 1 << 20;
const TRIES = 6;
const LOOK_AGAIN = 700;   /* while a picture is made anew */
const coming = new Set();

const box = () => one("#composer");
const form = () => one("form.composer");
const caseKey = () => box()?.dataset.case;
const kind = () => (one('[name="kind"]:checked', box() ?? document)?.value === "note" ? "note" : "reply");
const rest = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

export async function addFiles(files) {
  if (!form() || !one("[data-add-file]")) return;
  const place = { case: caseKey(), kind: kind() };
  for (const file of files) await addFile(file, place);
}

async function addFile(file, place) {
  const upload = { ...place, stop: new AbortController(), line: lineOf(file) };
  upload.line.querySelector("button").addEventListener("click", () => cancel(upload));
  one(`#tray-${place.kind}`)?.append(upload.line);
  coming.add(upload);
  try {
    const begun = await said(`/case/${place.case}/files/`, new URLSearchParams({ kind: place.kind, name: file.name, size: file.size }), upload);
    upload.key = begun.key;
    await sendPieces(file, upload);
  } catch (error) {
    if (!upload.stop.signal.aborted) say(`${file.name}: ${error.message}`, true);
  }
  coming.delete(upload);
  upload.line.remove();
  if (!upload.stop.signal.aborted) await drawTray(place);
}

async function sendPieces(file, upload) {
  const progress = upload.line.querySelector("progress");
  let at = 0;
  while (at < file.size) {
    const answer = await said(`/file/${upload.key}/piece/?at=${at}`, file.slice(at, at + PIECE), upload);
    at = answer.at;
    progress.value = at / file.size;
    if (answer.here) return;
  }
}

/* One request, again after a lost line; what the server says of it otherwise is the end. */
async function said(address, body, upload) {
  for (let tries = 1; ; tries += 1) {
    let response;
    try {
      response = await ask(address, { method: "POST", body, signal: upload.stop.signal });
    } catch (error) {
      if (upload.stop.signal.aborted || tries === TRIES) throw error;
    }
    if (response?.ok || response?.status === 409) return response.json();
    if (response && response.status < 500) throw new Error((await response.json().catch(() => ({}))).words ?? "It could not be taken.");
    if (response?.status === 507 || tries === TRIES) throw new Error((await response?.json().catch(() => ({})))?.words ?? "The line was lost.");
    await rest(500 * 2 ** tries);
  }
}

function cancel(upload) {
  upload.stop.abort();
  if (upload.key) ask(`/file/${upload.key}/remove/`, { method: "POST" }).catch(() => {});
}

function lineOf(file) {
  const line = document.createElement("li");
  line.className = "tray__file";
  const name = document.createElement("bdi");
  name.className = "clip";
  name.textContent = file.name;
  const progress = document.createElement("progress");
  progress.max = 1;
  progress.value = 0;
  progress.setAttribute("aria-label", `${file.name} is coming in`);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button--quiet button--s";
  button.textContent = "Stop";
  line.append(name, progress, button);
  return line;
}

async function drawTray(place) {
  const fresh = await part(`/case/${place.case}/files/?kind=${place.kind}`);
  if (!fresh || caseKey() !== place.case) return;
  const old = one(`#tray-${place.kind}`);
  const lines = [...coming].filter((upload) => upload.case === place.case && upload.kind === place.kind).map((upload) => upload.line);
  const made = replaceById(one(`#tray-${place.kind}`, fresh));
  if (old) made?.append(...lines);
  noteWhatFits();
  if (one("[data-waiting]", made ?? fresh)) setTimeout(() => drawTray(place).catch(() => {}), LOOK_AGAIN);
}

/* A venue that takes no files says so where they lie, before anything is sent. */
function noteWhatFits() {
  const tray = one("#tray-reply");
  const room = Number(one("[data-files-out]")?.dataset.filesOut ?? 0);
  if (!tray) return;
  one(".tray__no", tray)?.remove();
  if (room || !one("[name=reply_file]", tray)) return;
  const line = document.createElement("li");
  line.className = "tray__no";
  line.textContent = "This venue takes no files with a reply.";
  tray.append(line);
}

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-add-file]")) one("[data-file-input]")?.click();
  const remove = event.target.closest?.("[data-remove-file]");
  if (remove) {
    const place = { case: caseKey(), kind: remove.closest("[data-tray]").dataset.tray };
    ask(`/file/${remove.dataset.removeFile}/remove/`, { method: "POST" }).then(() => drawTray(place)).catch(() => say("It could not be removed.", true));
  }
});
document.addEventListener("change", (event) => {
  if (!event.target.matches?.("[data-file-input]")) return;
  const files = [...event.target.files];
  event.target.value = "";
  addFiles(files);
});
document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (!files.length || !event.target.closest?.("#composer")) return;
  event.preventDefault();
  const time = new Date().toTimeString().slice(0, 8).replaceAll(":", ".");
  addFiles(files.map((file) => (file.name === "image.png" ? new File([file], `Picture ${time}.png`, { type: file.type }) : file)));
});
const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
document.addEventListener("dragover", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();   /* a file dropped beside the text must not replace the page */
  form()?.classList.toggle("composer--over", Boolean(event.target.closest?.("#case")));
});
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) form()?.classList.remove("composer--over"); });
document.addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  form()?.classList.remove("composer--over");
  if (event.target.closest?.("#case")) addFiles([...event.dataTransfer.files]);
});
document.addEventListener("htmx:beforeRequest", (event) => {
  if (!event.target.matches?.("form.composer") || !(one("[data-waiting]", box()) || [...coming].some((upload) => upload.case === caseKey()))) return;
  event.preventDefault();
  say("A file is not ready yet. Send when it is here, or take it away.", true);
});
document.addEventListener("htmx:afterSettle", (event) => { if (event.detail.target?.id === "composer" || event.detail.elt?.id === "composer") noteWhatFits(); });
document.addEventListener("hark:opened", noteWhatFits);
addEventListener("beforeunload", (event) => { if (coming.size) event.preventDefault(); });
noteWhatFits();
