import { createLockMap, place } from "../page/lockmap.js";

// viewOf returns a view of locks that are given as { NAME: [holders, waiters] }, where a request is its id, or has an
// id and more.
export const viewOf = (locks) => {
  const known = new Map(); // requests by id
  for (const [name, lists] of Object.entries(locks)) {
    lists.forEach((list, i) => {
      for (const one of list) {
        const { id, ...more } = typeof one === "string" ? { id: one } : one;
        const request = known.get(id) ?? { id, mode: "exclusive", ...(i ? {} : { token: 1 }), locks: [] };
        known.set(id, Object.assign(request, more, { locks: [...request.locks, name] }));
      }
    });
  }
  const view = { locks: createLockMap() };
  const toRequests = (list) => list.map((one) => known.get(one.id ?? one));
  for (const [name, [holders, waiters]] of Object.entries(locks)) {
    place(view.locks, { name, grants: 0, holders: toRequests(holders), waiters: toRequests(waiters) }, true, 0);
  }
  return view;
};

// many returns requests with ids from PREFIX 0 on.
export const many = (count, prefix, more) =>
  Array.from({ length: count }, (_, i) => ({ id: `${prefix} ${i}`, ...more }));

// countReads counts how many requests are read from the maps of a view while f runs.
export const countReads = (view, f) => {
  let reads = 0;
  const watch = (map) => {
    for (const name of ["keys", "values", "entries", Symbol.iterator]) {
      const all = Map.prototype[name];
      map[name] = function* () {
        for (const value of all.call(this)) {
          reads++;
          yield value;
        }
      };
    }
    map.get = function (key) {
      reads++;
      return Map.prototype.get.call(this, key);
    };
  };
  watch(view.locks);
  for (const lock of Map.prototype.values.call(view.locks)) [lock.holders, lock.waiters].forEach(watch);
  f();
  return reads;
};
