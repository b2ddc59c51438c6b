// far is how many waiters of a queue are looked at. A page is drawn each second, and a queue may have very many.
export const far = 1000;

// most is how many requests a picture has.
export const most = 50;

// createQueue reads the queue of a lock, no further than it must and at most once. limits are those that its shared
// holders have.
export const createQueue = (lock, limits = []) => {
  const ids = []; // those that were read, in their order
  const places = new Map();
  const rest = lock.waiters.keys();
  let least; // how many may hold together, by the holders alone
  let blocked; // the first that do not fit

  const next = () => {
    const { value, done } = ids.length < far ? rest.next() : { done: true };
    if (done) return false;
    ids.push(value);
    places.set(value, ids.length);
    return true;
  };

  const queue = {
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
      least ??= leastOf(lock.holders, limits);
      return together <= least;
    },

    // blocked returns the first waiters that do not fit, which is enough of them for a picture.
    blocked() {
      if (blocked) return blocked;
      blocked = [];
      for (let place = 1, id; blocked.length <= most && (id = queue.at(place)) !== undefined; place++) {
        if (!queue.fits(id)) blocked.push(id);
      }
      return blocked;
    },
  };
  return queue;
};

// toPlace says at which place a waiter is: "place 3".
export const toPlace = (place) => `place ${place === Infinity ? `more than ${far.toLocaleString("en")}` : place}`;

const toLimit = ({ mode, limit }) => (mode === "shared" ? (limit ?? Infinity) : 1);

// leastOf returns the least limit of the holders. An exclusive one is alone.
const leastOf = (holders, limits) => {
  if (holders.size === 1) return toLimit(holders.values().next().value);
  let least = Infinity;
  for (const limit of limits) least = Math.min(least, limit);
  return least;
};
