// Names of locks are DOMStrings here: any sequence of 16-bit units, also none. On
// the wire they are text of at least one character. What the wire refuses is escaped
// with U+FFFF, a noncharacter, which is in no text; so all other names are on the wire
// as they are, and are the same locks to clients in other languages.

const mark = "\uFFFF";
const odd = /\uFFFF|[\uD800-\uDFFF]/gu; // with the flag u a surrogate matches only where it is alone

// escapeName is name for the wire. Different names stay different.
export const escapeName = (name) =>
  name === "" ? mark : name.replace(odd, (c) => mark + (c === mark ? c : c.charCodeAt(0).toString(16)));

// unescapeName undoes it. What escapeName has not made stays as it is.
export function unescapeName(text) {
  if (text === mark) return "";
  const name = text.replace(/\uFFFF(\uFFFF|d[89a-f][0-9a-f]{2})/g, (_, c) => (c === mark ? c : String.fromCharCode(`0x${c}`)));
  return escapeName(name) === text ? name : text;
}

// parse reads a frame, with the names in it unescaped.
export const parse = (frame) => JSON.parse(frame, /\uFFFF|\\uffff/i.test(frame) ? revive : undefined);

// Names are what is called so, and the elements of lists of strings.
const revive = (key, value) => (typeof value === "string" && /^(name|lock|\d+)$/.test(key) ? unescapeName(value) : value);
