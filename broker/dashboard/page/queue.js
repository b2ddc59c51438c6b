// far is how many waiters of a queue are looked at. A page is drawn each second, and a queue may have very many.
export const far = 1000;

// createQueue reads the queue of a lock, no further than it must and at most once.
export const createQueue = (lock) => {
  const ids = []; // those that were read, in their order
  const places = new Map();
  const rest = lock.waiters.values();
  let least; // how many may hold together, by the holders alone

  const next = () => {
    const { value, done } = ids.length < far ? rest.next() : { done: true };
    if (done) return false;
    ids.push(value.id);
    places.set(value.id, ids.length);
    return true;
  };

  return {
    lock,

    // placeOf returns the place of a waiter, which is 1 for the first one, or Infinity if it is too far behind.
    placeOf(id) {
      while (!places.has(id) && next());
      return places.get(id) ?? Infinity;
    },

    // at returns the id of the waiter at a place, or undefined if there is none or it is too far behind.
    at(place) {
      while (ids.length < place && next());
      return ids[place - 1];
    },

    // fits says whether a waiter could hold together with the holders, by rule 1 of "The grant rule" in PROTOCOL.md.
    fits(id) {
      const together = lock.holders.size + 1;
      if (together === 1) return true;
      if (together > toLimit(lock.waiters.get(id))) return false;
      least ??= leastLimit(lock.holders.values(), together);
      return together <= least;
    },
  };
};

// toPlace says at which place a waiter is: "place 3".
export const toPlace = (place) => `place ${place === Infinity ? `more than ${far.toLocaleString("en")}` : place}`;

const toLimit = ({ mode, limit }) => (mode === "shared" ? (limit ?? Infinity) : 1);

// leastLimit stops at the first limit that is too small.
const leastLimit = (requests, together) => {
  let least = Infinity;
  for (const request of requests) {
    least = Math.min(least, toLimit(request));
    if (least < together) break;
  }
  return least;
};
