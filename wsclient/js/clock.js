// A clock is what has the clocks and timers of globalThis: that, or a test's own.

const longest = 2 ** 31 - 1; // a timer for longer would fire at once

// timer returns a function that sets one timer, which calls f after that many milliseconds and
// replaces what was set before; without an f it only clears that. Platforms truncate fractions,
// so the delay is rounded up. Even so f may be called less than a millisecond early, and much
// earlier if the delay is beyond the longest. f must count less than a millisecond as nothing: if
// it set another timer for the rest, again and again, browsers would take these for nested
// timers, and in a page that nobody looks at they slow those down to one a minute.
export function timer(clock) {
  let set;
  return (ms, f) => {
    clock.clearTimeout(set);
    if (f) set = clock.setTimeout(f, Math.min(Math.ceil(ms), longest));
  };
}

// now is an instant on both clocks: one that is never set, but may stand still while the
// machine is suspended, and the one on the wall.
export const now = (clock) => ({ mono: clock.performance.now(), wall: clock.Date.now() });

// since is how much time has passed between two instants, at most: a clock that stood
// still does not count, nor one that was set back. One that was set forward does, so that
// locks may be given up for nothing, which is the safe side.
export const since = (at, earlier) => Math.max(at.mono - earlier.mono, at.wall - earlier.wall);
