/* Finding by a few letters: each word of the query must stand in the text, as it is or with letters left out between. Pure. */

const plain = (letter) => letter.normalize("NFD")[0].toLowerCase();
const starts = (letters, place) => place === 0 || !/[\p{L}\p{N}]/u.test(letters[place - 1]);

function whole(letters, wanted) {
  let best = -1;
  for (let place = 0; place + wanted.length <= letters.length; place += 1) {
    if (!wanted.every((letter, step) => letters[place + step] === letter)) continue;
    if (starts(letters, place)) return { score: 40 + (place === 0 ? 10 : 0), place };
    if (best < 0) best = place;
  }
  return best < 0 ? null : { score: 25, place: best };
}

/* With gaps: every letter begins a word or follows the one before, so that "rp" finds "Reply in private" and not everything. */
function scattered(letters, wanted) {
  const at = [];
  let place = 0;
  for (const letter of wanted) {
    const follows = at.length && letters[place] === letter ? place : -1;
    let found = follows;
    for (let here = place; found < 0 && here < letters.length; here += 1) if (letters[here] === letter && starts(letters, here)) found = here;
    if (found < 0) return null;
    at.push(found);
    place = found + 1;
  }
  return { score: 15 - at.length / 10, at };
}

/* How well `query` fits `text`, and which letters it names; null when it does not. `less` is taken from the score. */
export function matched(text, query, less = 0) {
  const letters = [...text].map(plain);
  let score = -less;
  const at = [];
  for (const word of query.split(/\s+/).filter(Boolean)) {
    const wanted = [...word].map(plain);
    const hit = whole(letters, wanted);
    const loose = hit ? null : scattered(letters, wanted);
    if (!hit && !loose) return null;
    score += (hit ?? loose).score;
    at.push(...(hit ? wanted.map((_, step) => hit.place + step) : loose.at));
  }
  return { score: score - letters.length / 100, at: less ? [] : at };
}

/* Draw the letters at these places in bold, within `element`. */
export function marked(element, at) {
  const places = new Set(at);
  const made = [];
  [...element.textContent].forEach((letter, place) => {
    const bold = places.has(place);
    const last = made.at(-1);
    if (last && last.bold === bold) last.text += letter;
    else made.push({ bold, text: letter });
  });
  element.replaceChildren(...made.map(({ bold, text }) => {
    if (!bold) return text;
    const mark = document.createElement("mark");
    mark.textContent = text;
    return mark;
  }));
}
