// Names of locks are DOMStrings here: any sequence of 16-bit units, also none. On
// the wire they are text of at least one character. What the wire refuses is escaped
// with U+FFFF, a noncharacter, which is in no text; so all other names are on the wire
// as they are, and are the same locks to clients in other languages.

const mark = "\uFFFF";

// escapeName is name for the wire. Different names stay different.
export function escapeName(name) {
  if (name === "") return mark;
  // With the flag u a surrogate matches only where it is alone.
  return name.replace(/\uFFFF|[\uD800-\uDFFF]/gu, (c) => mark + (c === mark ? c : c.charCodeAt(0).toString(16)));
}

// unescapeName undoes it. What escapeName has not made stays as it is.
export function unescapeName(text) {
  if (text === mark) return "";
  const name = text.replace(/\uFFFF(\uFFFF|d[89a-f][0-9a-f]{2})/g, (_, c) => (c === mark ? c : String.fromCharCode(`0x${c}`)));
  return escapeName(name) === text ? name : text;
}

// parse reads a frame, with the names in it unescaped.
export function parse(frame) {
  return JSON.parse(frame, /\uFFFF|\\uffff/i.test(frame) ? revive : undefined);
}

// Names are what is called so, and the elements of lists of strings.
function revive(key, value) {
  return typeof value === "string" && /^(name|lock|\d+)$/.test(key) ? unescapeName(value) : value;
}
