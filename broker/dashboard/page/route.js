// What the page shows is in the fragment of its URL, so a link to it can be sent: #lock=NAME, #request=ID or
// #deadlocks, or else the list, with search and sort. A browser never sends the fragment to anyone.

// readRoute returns what the URL asks for: a URLSearchParams. The name of the lock in it is that of lockOf.
export const readRoute = () => new URLSearchParams(location.hash.slice(1));

// lockOf returns the name of the lock of a route, or undefined if it has none.
export const lockOf = (route) => (route.has("lock") ? unescapeName(route.get("lock")) : undefined);

// toHash returns the fragment for a route.
export const toHash = ({ lock, ...route }) =>
  `#${new URLSearchParams(lock === undefined ? route : { ...route, lock: escapeName(lock) })}`;

// setRoute changes parts of the route without an entry in the history, for what is typed or chosen in the list.
export const setRoute = (parts) => {
  const route = readRoute();
  for (const [name, value] of Object.entries(parts)) {
    if (value) route.set(name, value);
    else route.delete(name);
  }
  history.replaceState(null, "", `#${route}`);
};

// A name may be empty or have surrogates that are alone, which URLs do not carry. So names have their form on the wire
// here: these two functions are those of the client's names.js, which the client does not export. A test compares them.
const escapeName = (name) =>
  name === ""
    ? "\uFFFF"
    : name.replace(/\uFFFF|[\uD800-\uDFFF]/gu, (c) => `\uFFFF${c === "\uFFFF" ? c : c.charCodeAt(0).toString(16)}`);

const unescapeName = (text) => {
  if (text === "\uFFFF") return "";
  const toUnit = (_, c) => (c === "\uFFFF" ? c : String.fromCharCode(`0x${c}`));
  const name = text.replace(/\uFFFF(\uFFFF|....)/g, toUnit);
  return escapeName(name) === text ? name : text;
};
