import { createIndex } from "./index.js";

// A lock map is what is known of locks: a Map from names to locks. A lock has name, grants, and the holders and waiters,
// which map ids to requests in their order. It is there only while it has any of them. A request has since, the time from
// which its duration counts. The index of the map finds requests by id.

// createLockMap returns an empty lock map.
export const createLockMap = () => {
  const locks = new Map();
  locks.index = createIndex(locks);
  return locks;
};

// apply applies a change to a lock map.
export const apply = (locks, event, name, request) => {
  const { id } = request;
  if (event === "queued" || event === "granted") {
    const lock = lockOf(locks, name);
    if (event === "granted") lock.grants++;
    lock.waiters.delete(id);
    lock[event === "queued" ? "waiters" : "holders"].set(id, request);
    locks.index.add(request, name, event === "queued");
    return;
  }
  const lock = locks.get(name);
  if (!lock) return;
  lock.waiters.delete(id);
  lock.holders.delete(id);
  locks.index.remove(request, name);
  if (lock.holders.size + lock.waiters.size === 0) locks.delete(name);
};

// place puts a part of a listed lock into a lock map. The first part replaces what was known of the lock. A request that
// was queued meanwhile is in a later part again, behind others that were not known yet.
export const place = (locks, part, isFirst, now) => {
  const { name } = part;
  if (isFirst) forget(locks, name);
  if (part.holders.length + part.waiters.length === 0) return;
  const lock = lockOf(locks, name);
  lock.grants = part.grants;
  for (const list of ["holders", "waiters"]) {
    for (const request of part[list]) {
      lock[list].delete(request.id);
      lock[list].set(request.id, dated(request, now));
      locks.index.add(request, name, list === "waiters");
    }
  }
};

const forget = (locks, name) => {
  const { holders = none, waiters = none } = locks.get(name) ?? {};
  locks.delete(name);
  for (const requests of [holders, waiters]) {
    for (const request of requests.values()) locks.index.remove(request, name);
  }
};

const none = new Map();

// dated returns a request with since.
export const dated = (request, now) => ({ ...request, since: now - (request.duration_ms ?? 0) });

// amend takes from a part of a listed lock what no change tells: that the connection of a holder, or the parent of a
// request, has ended.
export const amend = (locks, part) => {
  const lock = locks.get(part.name);
  for (const list of ["holders", "waiters"]) {
    for (const { id, gone, parent } of part[list]) {
      const known = lock[list].get(id);
      if (!known || (known.gone === gone && known.parent === parent)) continue;
      const amended = { ...known, gone, parent };
      lock[list].set(id, amended);
      locks.index.add(amended, part.name, list === "waiters");
    }
  }
};

// lockOf returns the lock of that name. How often it was granted is known only once it was listed.
const lockOf = (locks, name) => {
  let lock = locks.get(name);
  if (!lock) locks.set(name, (lock = { name, holders: new Map(), waiters: new Map(), grants: NaN }));
  return lock;
};
