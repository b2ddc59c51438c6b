import { toVisible } from "./text.js";

// first returns the oldest of the holders or waiters of a lock.
export const first = (requests) => requests.values().next().value;

// toWho says whose request this is, in the words that the program has chosen.
export const toWho = (request) => toVisible(whoOf(request));

// whoOf returns the same, not made visible yet.
export const whoOf = ({ author, client, identity, remote, id }) =>
  author || client || identity || remote || id || "hidden";

// toProgram says which program made a request, not made visible yet.
export const toProgram = ({ client, identity, remote, id }) =>
  client || identity || remote || (id ?? "hidden").split("--")[0];

// find returns the request with an id, wherever the view has it: { request, holds, lock }. If it has several locks, it
// is that of its first lock.
export const find = (view, id) => view.locks.index.get(id);
