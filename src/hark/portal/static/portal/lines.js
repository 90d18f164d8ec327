// Draws what was said. Nothing a person wrote ever becomes markup: text goes in as text.

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });

export function element(name, className = "", text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

export function clock(at) {
  const made = element("time", "", TIME.format(new Date(at)));
  made.dateTime = at;
  return made;
}

export function dayOf(at) {
  const there = new Date(at);
  const today = there.toDateString() === new Date().toDateString();
  return today ? "" : DAY.format(there);
}

// The files of a line. `open` says for one of them where it is to be had: { preview, download }, or promises of them.
function files(line, open) {
  const made = element("ul", "said__files");
  for (const file of line.files) {
    const item = element("li");
    const places = open(file);
    if (file.picture) {
      const picture = element("img");
      picture.alt = `Picture ${file.name}`;
      picture.width = file.width;
      picture.height = file.height;
      picture.loading = "lazy";
      Promise.resolve(places.preview()).then((place) => { picture.src = place; }, () => {});
      item.append(picture);
    }
    const save = element("a", "said__file");
    save.append(element("bdi", "", file.name), ` ${file.size}`);
    save.download = file.name;
    save.href = typeof places.download === "string" ? places.download : "#";
    if (typeof places.download !== "string") {
      save.addEventListener("click", async (event) => {
        if (save.getAttribute("href") !== "#") return;
        event.preventDefault();
        save.href = await places.download();
        save.click();
      });
    }
    item.append(save);
    made.append(item);
  }
  return made;
}

// One line. `line.state` and `line.acts` exist only for the visitor's own lines on the chat page.
export function draw(line, brand, open) {
  const item = element("li", `said ${line.ours ? "said--them" : "said--me"}`);
  item.dataset.id = line.id;
  if (line.deleted) item.classList.add("said--gone");
  if (line.look) item.classList.add(`said--${line.look}`);
  if (line.ours) {
    const who = element("p", "said__who", `${line.who || brand}, `);
    who.append(clock(line.at));
    item.append(who);
  } else {
    item.append(element("span", "vh", "You: "));
  }
  const text = line.deleted ? "This message was deleted." : line.text;
  if (text) item.append(element("p", "said__text", text));
  if (line.files?.length) item.append(files(line, open));
  if (!line.ours) {
    const state = element("p", "said__state");
    if (line.acts) state.append(acts(line));
    if (line.state) state.append(line.state);
    else state.append(line.mail ? "By e-mail, " : "", clock(line.at), line.edited && !line.deleted ? ", edited" : "");
    item.append(state);
  } else if (line.edited && !line.deleted) {
    item.append(element("p", "said__state", "edited"));
  }
  return item;
}

// What the visitor can do with a line of his own: quiet, before the time, so that times stay in one column.
function acts(line) {
  const made = element("span", line.look === "failed" ? "" : "said__acts");
  for (const [label, act] of line.acts) {
    const button = element("button", "plain", label);
    button.type = "button";
    button.addEventListener("click", () => act(button));
    made.append(button, " · ");
  }
  return made;
}

// Puts `lines` into `list`, touching only what has changed, so that a screen reader hears what is new and nothing twice.
export function show(list, lines, brand, open) {
  const there = new Map([...list.querySelectorAll("[data-id]")].map((item) => [item.dataset.id, item]));
  const wanted = [];
  let day = "";
  for (const line of lines) {
    if (dayOf(line.at) !== day) {
      day = dayOf(line.at);
      wanted.push(dayItem(list, day || "Today"));
    }
    const print = JSON.stringify([line.text, line.deleted, line.edited, line.state, line.look, line.who, (line.acts || []).map(([label]) => label), line.files]);
    let item = there.get(line.id);
    if (!item || item.dataset.print !== print) {
      const fresh = draw(line, brand, open);
      fresh.dataset.print = print;
      if (item) item.replaceWith(fresh);
      item = fresh;
    }
    wanted.push(item);
  }
  for (const item of [...list.children]) if (!wanted.includes(item)) item.remove();
  wanted.forEach((item, place) => { if (list.children[place] !== item) list.insertBefore(item, list.children[place] || null); });
}

function dayItem(list, day) {
  const there = [...list.querySelectorAll(".day")].find((item) => item.textContent === day);
  return there || element("li", "day", day);
}
