// What the page shows is in the fragment of its URL, so a link to it can be sent: #lock=NAME, #request=ID or #deadlocks,
// or else the list, with search and sort. A browser never sends the fragment to anyone.

// readRoute returns what the URL asks for: a URLSearchParams.
export const readRoute = () => new URLSearchParams(location.hash.slice(1));

// toHash returns the fragment for a route.
export const toHash = (route) => `#${new URLSearchParams(route)}`;

// setRoute changes parts of the route without an entry in the history, for what is typed or chosen in the list.
export const setRoute = (parts) => {
  const route = readRoute();
  for (const [name, value] of Object.entries(parts)) {
    if (value) route.set(name, value);
    else route.delete(name);
  }
  history.replaceState(null, "", `#${route}`);
};
