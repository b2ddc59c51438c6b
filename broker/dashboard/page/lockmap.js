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
// was queued meanwhile is in a later part again, behind others that were not known yet. before is what another map knows of
// the lock: a request that is still the same stays the same object.
export const place = (locks, part, isFirst, now, before) => {
  const { name } = part;
  if (isFirst) forget(locks, name);
  if (part.holders.length + part.waiters.length === 0) return;
  const lock = lockOf(locks, name);
  lock.grants = part.grants;
  for (const list of ["holders", "waiters"]) {
    for (const request of part[list]) {
      const known = before?.[list].get(request.id);
      lock[list].delete(request.id);
      const kept = known && isSame(known, request) ? known : dated(request, now);
      lock[list].set(request.id, kept);
      locks.index.add(kept, name, list === "waiters");
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
    for (const request of part[list]) {
      const known = lock[list].get(request.id);
      if (!known || isSame(known, request)) continue;
      const amended = { ...known, gone: request.gone, parent: request.parent };
      lock[list].set(request.id, amended);
      locks.index.add(amended, part.name, list === "waiters");
    }
  }
};

const isSame = (known, { gone, parent, token }) =>
  known.gone === gone && known.parent === parent && known.token === token;

// lockOf returns the lock of that name. Its grants are NaN until a listing has told them.
const lockOf = (locks, name) => {
  let lock = locks.get(name);
  if (!lock) locks.set(name, (lock = { name, holders: new Map(), waiters: new Map(), grants: NaN }));
  return lock;
};
