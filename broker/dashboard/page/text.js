// Names, authors and labels may hold anything. Shown as they are, some characters would hide, or change the order of
// what is around them: control characters, those that set a direction, those without width or ink, and spaces at an end
// or behind another one.
//
// Two of those without width are part of an emoji, and stay. One joins two emoji into one, perhaps behind a variation
// selector or a skin tone. The other makes an emoji of a character that is none by itself.
const picture = "\\p{Extended_Pictographic}";
const joiner = `(?<=${picture}[\\ufe0f\\u{1f3fb}-\\u{1f3ff}]?)\\u200d(?=${picture})`;
const selector = `(?<=(?!\\p{Emoji_Presentation})${picture}|[0-9#*](?=\\ufe0f\\u20e3))\\ufe0f`;
const hidden = "[\\p{Default_Ignorable_Code_Point}\\p{C}\\p{Zl}\\p{Zp}\\u2800]";
const space = "(?! )\\p{Zs}|^ |(?<= ) | $";
const unseen = new RegExp(`(?!${joiner}|${selector})${hidden}|${space}`, "gu");

// The empty text has a word of its own, so the text that looks like it is shown otherwise.
const empty = "(empty)";

// toVisible returns a text with those characters written as \u{...}. If there is any, or a text that looks so, it
// doubles each \, so that different texts look different.
export const toVisible = (text) => {
  if (text === "") return empty;
  if (text === empty) return text.replace("(", "\\u{28}");
  if (text.search(unseen) < 0 && !text.includes("\\u{")) return text;
  return text
    .replaceAll("\\", "\\\\")
    .replace(unseen, (character) => `\\u{${character.codePointAt(0).toString(16)}}`);
};

// toDuration returns milliseconds in at most two units: "0.4 s", "12 s", "3 min 5 s", "2 h 10 min", "3 d 4 h".
export const toDuration = (ms) => {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${(Math.floor(seconds * 10) / 10).toFixed(1)} s`;
  const units = [["d", 86_400], ["h", 3600], ["min", 60], ["s", 1]];
  const first = units.findIndex(([, size]) => Math.floor(seconds) >= size);
  const [unit, size] = units[first];
  const count = Math.floor(seconds / size);
  const next = units[first + 1];
  const rest = next ? Math.floor((seconds - count * size) / next[1]) : 0;
  return rest ? `${count} ${unit} ${rest} ${next[0]}` : `${count} ${unit}`;
};

// toCount returns a number with its noun: "1 waiter", "12,000 waiters".
export const toCount = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
