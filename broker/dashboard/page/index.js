// createIndex finds the requests of a lock map by their ids. It is told of each change, because to look through all
// locks would take long if there are very many.
export const createIndex = (locks) => {
  const names = new Map(); // ids of requests to the name of one of their locks
  const parents = new Map(); // ids of waiters to the parent that they have
  const children = new Map(); // parents to the ids of those that wait inside them

  const limits = new Map(); // names of locks to the limits of their shared holders that have one, by id

  const leave = (id) => {
    const parent = parents.get(id);
    if (parent === undefined) return;
    parents.delete(id);
    const ids = children.get(parent);
    ids.delete(id);
    if (ids.size === 0) children.delete(parent);
  };

  const enter = (id, parent) => {
    parents.set(id, parent);
    if (!children.has(parent)) children.set(parent, new Set());
    children.get(parent).add(id);
  };

  const limit = (name, { id, mode, limit: own }, holds) => {
    if (holds && mode === "shared" && own) {
      if (!limits.has(name)) limits.set(name, new Map());
      limits.get(name).set(id, own);
    } else if (limits.get(name)?.delete(id) && limits.get(name).size === 0) {
      limits.delete(name);
    }
  };

  return {
    // add notes that a lock has this request, or has another state of it.
    add(request, name, waits) {
      const { id, parent } = request;
      names.set(id, name);
      limit(name, request, !waits);
      if (parents.get(id) === (waits ? parent : undefined)) return;
      leave(id);
      if (waits && parent) enter(id, parent);
    },

    // remove notes that a lock does not have this request any more. It may still be at other locks.
    remove(request, name) {
      const { id } = request;
      limit(name, request, false);
      const other = request.locks?.find((lock) => lock !== name && isAt(locks.get(lock), id));
      if (other === undefined) {
        names.delete(id);
        leave(id);
      } else if (names.get(id) === name) {
        names.set(id, other);
      }
    },

    // get returns what the lock map has of a request: { request, holds, lock, locks }. lock is the first of its locks.
    get(id) {
      const known = requestAt(locks.get(names.get(id)), id);
      if (!known) return undefined;
      const all = (known.locks ?? [names.get(id)]).map((name) => locks.get(name)).filter((lock) => isAt(lock, id));
      const [lock = locks.get(names.get(id))] = all;
      return { request: requestAt(lock, id), holds: lock.holders.has(id), lock, locks: all.length ? all : [lock] };
    },

    // inside returns the set of the ids of those that wait inside a request.
    inside: (id) => children.get(id) ?? none,

    // limitsOf returns the limits of those shared holders of a lock that have one.
    limitsOf: (name) => limits.get(name)?.values() ?? [],

    // size is how many requests there are.
    get size() {
      return names.size;
    },
  };
};

const none = new Set();

const requestAt = (lock, id) => lock?.holders.get(id) ?? lock?.waiters.get(id);
const isAt = (lock, id) => requestAt(lock, id) !== undefined;
