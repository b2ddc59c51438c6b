// A clock is what has the clocks and timers of globalThis: that, or a test's own.

const longest = 2 ** 31 - 1; // a timer for longer would fire at once

// timer makes a function that sets one timer: it calls f in so many milliseconds. Platforms
// truncate a fraction, so it is rounded up. Still f may be called early: much, where that is
// beyond the longest, and else by less than a millisecond, which f must count as nothing. If it
// set another timer for the rest, and again, browsers would count that as timers that are
// nested, and slow them down, in pages that nobody looks at, to one a minute. What the timer was
// set to before is off, and without an f that is all.
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
