import { toGlob } from "./glob.js";

// createView follows the locks whose names match a pattern, by the rule of PROTOCOL.md ("How to have a view that is
// never wrong"): it watches, and pages through info on the same connection. Each change counts for the lock that it
// names. Each page replaces what was known of its locks.
//
// That needs the messages in their order. A browser runs what waits for one message, all of it, before it delivers the
// next one, as long as nobody here waits for anything else in between.
//
// locks is a LockManager of the client. onChange is called after each change, and when the state of the view changes.
export const createView = (locks, pattern, onChange = () => {}, now = () => performance.now()) => {
  // What was known before a page was read is shown until all pages have been read.
  let shown = new Map();
  let read = new Map(); // what the pages and the changes since have said; the same as shown, once all is known
  let readings = 0;

  const view = {
    // locks maps names to locks. A lock has name, holders and waiters, which map ids to requests in their order, and
    // exists only while it has any. A request has since, the time from which its duration counts.
    get locks() {
      return shown;
    },
    // isCurrent reports whether the view is what the broker's info says.
    isCurrent: false,
    isComplete: false, // whether it was current once
    error: undefined, // why there is nothing to see
    hasEnded: false, // whether the broker has refused the watch, so that nothing more comes
    changes: 0,
    onGrant: () => {},
    onEnd: () => {},
  };

  const set = (state) => {
    Object.assign(view, state);
    onChange();
  };

  // lockOf returns the lock of that name.
  const lockOf = (map, name) => {
    if (!map.has(name)) map.set(name, { name, holders: new Map(), waiters: new Map() });
    return map.get(name);
  };

  const dated = (request) => ({ ...request, since: now() - (request.duration_ms ?? 0) });

  const apply = (map, event, name, request) => {
    const { id } = request;
    if (event === "queued" || event === "granted") {
      const lock = lockOf(map, name);
      lock.waiters.delete(id);
      lock[event === "queued" ? "waiters" : "holders"].set(id, request);
      return;
    }
    const lock = map.get(name);
    if (!lock) return;
    lock.waiters.delete(id);
    lock.holders.delete(id);
    if (lock.holders.size + lock.waiters.size === 0) map.delete(name);
  };

  const change = (m) => {
    const { event, lock: name } = m;
    const request = dated(m.request);
    apply(shown, event, name, request);
    if (read !== shown) apply(read, event, name, request);
    view.changes++;
    if (event === "granted") view.onGrant(name);
    else if (event !== "queued") view.onEnd(request.id, m);
    onChange();
  };

  // place puts a part of a lock into what has been read. The first part replaces what was known of the lock. A request
  // that was queued meanwhile is in a later part again, behind others that were not known yet.
  const place = (part, isFirst) => {
    const { name } = part;
    if (isFirst) read.delete(name);
    if (part.holders.length + part.waiters.length === 0) return;
    const lock = lockOf(read, name);
    for (const list of ["holders", "waiters"]) {
      for (const request of part[list]) {
        lock[list].delete(request.id);
        lock[list].set(request.id, dated(request));
      }
    }
  };

  // readAll pages through info. A later call makes an earlier one stop.
  const readAll = async () => {
    const reading = ++readings;
    read = new Map();
    if (!view.isComplete) shown = read;
    set({ isCurrent: false });
    let last;
    try {
      for await (const part of locks.info(pattern, { whole: true })) {
        if (reading !== readings) return;
        place(part, part.seq !== last);
        last = part.seq;
        onChange();
      }
    } catch (error) {
      // The watch begins again on the next connection.
      if (reading !== readings || !(error.code in { forbidden: 1, bad_request: 1, too_many: 1 })) return;
      shown = read = new Map();
      set({ error });
      return;
    }
    if (reading !== readings) return;
    shown = read;
    set({ isCurrent: true, isComplete: true, error: undefined });
  };

  // refresh asks for a lock again, because no change tells that the connection of a holder, or the parent of a request, has
  // ended. It asks for the first requests only.
  view.refresh = async (name) => {
    try {
      for await (const part of locks.info(toGlob(name))) {
        const lock = shown.get(part.name);
        if (!lock || part.name !== name) continue;
        for (const list of ["holders", "waiters"]) {
          for (const request of part[list]) {
            const known = lock[list].get(request.id);
            const isSame = !known || (known.gone === request.gone && known.parent === request.parent);
            if (!isSame) lock[list].set(request.id, { ...known, gone: request.gone, parent: request.parent });
          }
        }
      }
      onChange();
    } catch {} // the connection has ended, or the name is as long as a glob may be
  };

  const stop = new AbortController();

  const follow = async () => {
    try {
      for await (const m of locks.watch(pattern, { signal: stop.signal })) {
        if (m.event === "watching" || m.event === "lagged") readAll();
        else change(m);
      }
    } catch (error) {
      if (!stop.signal.aborted) set({ error, isCurrent: false, hasEnded: true });
    }
  };

  locks.addEventListener("disconnected", () => set({ isCurrent: false }), { signal: stop.signal });

  // stop ends the view.
  view.stop = () => {
    readings++;
    stop.abort();
  };
  follow();
  return view;
};
