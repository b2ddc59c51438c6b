// A lock map is what is known of locks: a Map from names to locks. A lock has name, grants, and the holders and waiters,
// which map ids to requests in their order. It is there only while it has any of them. A request has since, the time from
// which its duration counts.

// apply applies a change to a lock map.
export const apply = (locks, event, name, request) => {
  const { id } = request;
  if (event === "queued" || event === "granted") {
    const lock = lockOf(locks, name);
    if (event === "granted") lock.grants++;
    lock.waiters.delete(id);
    lock[event === "queued" ? "waiters" : "holders"].set(id, request);
    return;
  }
  const lock = locks.get(name);
  if (!lock) return;
  lock.waiters.delete(id);
  lock.holders.delete(id);
  if (lock.holders.size + lock.waiters.size === 0) locks.delete(name);
};

// place puts a part of a listed lock into a lock map. The first part replaces what was known of the lock. A request that
// was queued meanwhile is in a later part again, behind others that were not known yet.
export const place = (locks, part, isFirst, now) => {
  const { name } = part;
  if (isFirst) locks.delete(name);
  if (part.holders.length + part.waiters.length === 0) return;
  const lock = lockOf(locks, name);
  lock.grants = part.grants;
  for (const list of ["holders", "waiters"]) {
    for (const request of part[list]) {
      lock[list].delete(request.id);
      lock[list].set(request.id, dated(request, now));
    }
  }
};

// dated returns a request with since.
export const dated = (request, now) => ({ ...request, since: now - (request.duration_ms ?? 0) });

// amend takes from a part of a listed lock what no change tells: that the connection of a holder, or the parent of a
// request, has ended.
export const amend = (lock, part) => {
  for (const list of ["holders", "waiters"]) {
    for (const { id, gone, parent } of part[list]) {
      const known = lock[list].get(id);
      if (known && (known.gone !== gone || known.parent !== parent)) lock[list].set(id, { ...known, gone, parent });
    }
  }
};

// lockOf returns the lock of that name. How often it was granted is known only once it was listed.
const lockOf = (locks, name) => {
  let lock = locks.get(name);
  if (!lock) locks.set(name, (lock = { name, holders: new Map(), waiters: new Map(), grants: NaN }));
  return lock;
};
