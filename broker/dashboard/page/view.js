import { amend, apply, createLockMap, dated, place } from "./lockmap.js";
import { createBrake } from "./brake.js";
import { toGlob } from "./glob.js";

const whole = { whole: true, queue: 10_000 }; // all holders and waiters, in few parts

// createView follows the locks whose names match a pattern, by the rule of PROTOCOL.md ("How to have a view that is
// never wrong"): it watches, and pages through info on the same connection. Each change counts for the lock that it
// names. Each page replaces what was known of its locks.
//
// That needs the messages in their order. A browser runs what waits for one message, all of it, before it delivers the
// next one, as long as nobody here waits for anything else in between.
//
// If more happens than a page can show, it would cost the broker and this machine much, and nobody could read it. Then the
// view stops watching for a while, and pages through info every few seconds.
//
// source is a LockManager of the client. onChange is called after each change, and when the state of the view changes.
export const createView = (source, pattern, onChange = () => {}, now = () => performance.now()) => {
  // What was known before is shown until all pages have been read.
  let shown = createLockMap();
  let read = shown; // what the pages, and the changes since, have said
  let before = shown; // in which requests that are still the same are found
  let grants = new Map(); // of the locks, by name, when too much happens to watch
  let readings = 0;
  const stop = new AbortController();

  const view = {
    source,
    isCurrent: false, // whether locks is what the broker's info says
    isComplete: false, // whether it was once
    isSampled: false, // whether too much happens to watch
    error: undefined, // why there is nothing to see
    hasLagged: false, // whether it is not current because changes were dropped
    hasEnded: false, // whether the broker has refused the watch, so that nothing more comes
    onGrant: () => {}, // called with the name of a lock, and how often it was granted
    onEnd: () => {}, // called with the id of a request, and the change that says how it ended

    // locks is a lock map.
    get locks() {
      return shown;
    },

    // refresh asks for what no change tells of a lock.
    async refresh(name) {
      try {
        for await (const part of source.info(toGlob(name), whole)) {
          if (part.name === name && shown.has(name)) amend(shown, part);
        }
        onChange();
      } catch {} // the connection has ended, or the name is so long that no glob can be
    },

    // reread asks for everything again, with the durations.
    reread() {
      before = createLockMap();
      readAll();
    },

    stop() {
      readings++;
      stop.abort();
    },
  };

  const set = (state) => {
    Object.assign(view, state);
    onChange();
  };

  const change = ({ event, lock, request: told, ...more }) => {
    const request = dated(told, now());
    apply(shown, event, lock, request);
    if (read !== shown) apply(read, event, lock, request);
    if (event === "granted") view.onGrant(lock, 1);
    else if (event !== "queued") view.onEnd(request.id, { event, ...more });
    onChange();
  };

  // readAll pages through info. A later call makes an earlier one stop.
  const readAll = async () => {
    const reading = ++readings;
    read = createLockMap();
    if (!view.isComplete) shown = read;
    set({ isCurrent: false });
    const known = before;
    const begun = new Set(); // the locks of which a part has been read
    try {
      for await (const part of source.info(pattern, { ...whole, empty: view.isSampled })) {
        if (reading !== readings) return;
        const isFirst = !begun.has(part.seq);
        begun.add(part.seq);
        if (view.isSampled && isFirst) count(part);
        place(read, part, isFirst, now(), known.get(part.name));
        onChange();
      }
    } catch (error) {
      // If the connection has ended, the watch begins again on the next one.
      if (reading !== readings || !(error.code in { forbidden: 1, bad_request: 1, too_many: 1 })) return;
      shown = read = before = createLockMap();
      set({ error, isComplete: false });
      return;
    }
    if (reading !== readings) return;
    shown = before = read;
    set({ isCurrent: !view.isSampled, isComplete: true, hasLagged: false, error: undefined });
  };

  // count tells how often a listed lock was granted since it was listed last.
  const count = ({ name, seq, grants: all }) => {
    const last = grants.get(name);
    if (last?.seq === seq && all > last.all) view.onGrant(name, all - last.all);
    grants.set(name, { seq, all });
  };

  // watch returns when more happens than a page can show.
  const watch = async (brake) => {
    const tooMuch = new AbortController();
    stop.signal.addEventListener("abort", () => tooMuch.abort(), { signal: tooMuch.signal });
    try {
      for await (const m of source.watch(pattern, { signal: tooMuch.signal })) {
        if (m.event === "lagged") view.hasLagged = true;
        if (m.event === "watching" || m.event === "lagged") readAll();
        else change(m);
        if (brake.isTooMuch(m.event)) tooMuch.abort();
      }
    } catch (error) {
      if (!tooMuch.signal.aborted) throw error;
    }
  };

  const follow = async () => {
    const brake = createBrake(now);
    try {
      for (;;) {
        await watch(brake);
        if (stop.signal.aborted) return;
        set({ isSampled: true, isCurrent: false });
        await brake.pause(readAll, stop.signal);
        grants = new Map();
        set({ isSampled: false });
      }
    } catch (error) {
      if (stop.signal.aborted) return;
      shown = read = before = createLockMap();
      set({ error, isCurrent: false, isComplete: false, hasEnded: true });
    }
  };

  source.addEventListener("disconnected", () => set({ isCurrent: false }), { signal: stop.signal });
  follow();
  return view;
};
