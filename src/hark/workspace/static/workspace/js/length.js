/* How long a text is as its venue counts: the twin of hark/channels/kit/counting.py, which says where the rules come
   from. tests/browser/test_lengths.py runs both over the same texts. */
const segmenter = window.Intl?.Segmenter ? new Intl.Segmenter("en", { granularity: "grapheme" }) : null;
const PICTURE = /[\p{Extended_Pictographic}\p{Regional_Indicator}\u20e3]/u;
const GSM = new Set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà");
const GSM_EXTENSION = new Set("\f^{}\\[~]|€");
const LIGHT = [[0, 4351], [8192, 8205], [8208, 8223], [8242, 8247]];
const SURE_ENDS = "com|net|org|info|biz|edu|gov|app|dev|shop|store|online|site|io|co|tv|ai";
const HOST = String.raw`(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}`;
const REST = String.raw`[a-z0-9!?*';:=+,.$/%#\[\]_~@|&-]*[a-z0-9=#/+&$%_~@-]`;
const LINK = new RegExp(String.raw`(?:(?<![a-z0-9_@$#])(?<scheme>https?://)|(?<![a-z0-9_@.$#/-]))${HOST}(?:(?<sure>${SURE_ENDS})|[a-z]{2,24})(?![a-z0-9_@-])(?::[0-9]{1,5})?(?:/(?:${REST})?)?(?:\?${REST})?`, "gi");

const clusters = (text) => (segmenter ? [...segmenter.segment(text)].map((one) => one.segment) : [...text]);
const letter = (one) => (LIGHT.some(([first, last]) => one.codePointAt(0) >= first && one.codePointAt(0) <= last) ? 1 : 2);
const weight = (text) => clusters(text).reduce((sum, one) => sum + (PICTURE.test(one) ? 2 : [...one].reduce((all, each) => all + letter(each), 0)), 0);

function weighted(text) {
  const whole = text.normalize("NFC");
  let total = 0;
  let place = 0;
  for (const link of whole.matchAll(LINK)) {
    const sure = link.groups.scheme || link.groups.sure;
    total += weight(whole.slice(place, link.index)) + (sure ? 23 : Math.max(23, weight(link[0])));
    place = link.index + link[0].length;
  }
  return total + weight(whole.slice(place));
}

/* How many text messages it takes, and how many units are left in the last of them. */
export function textMessages(text) {
  const letters = [...text];
  const plain = letters.every((one) => GSM.has(one) || GSM_EXTENSION.has(one));
  const costs = letters.map((one) => ((plain ? GSM_EXTENSION.has(one) : one.length > 1) ? 2 : 1));
  const [single, joined] = plain ? [160, 153] : [70, 67];
  const used = costs.reduce((sum, one) => sum + one, 0);
  if (used <= single) return { plain, used, messages: text ? 1 : 0, left: single - used };
  let messages = 1;
  let room = joined;
  for (const cost of costs) {
    if (cost > room) { messages += 1; room = joined; }
    room -= cost;
  }
  return { plain, used, messages, left: room };
}

export function lengthIn(text, unit) {
  if (unit === "graphemes") return clusters(text).length;
  if (unit === "bytes") return new TextEncoder().encode(text).length;
  if (unit === "utf16") return text.length;
  if (unit === "weighted") return weighted(text);
  if (unit === "sms") return textMessages(text).messages;
  return [...text].length;
}
