// A clock is globalThis, or a test's object with the same clocks and timers.

const longest = 2 ** 31 - 1; // ms; a longer timer would fire at once

// timer returns a function set(ms, f) that calls f after ms milliseconds. It has one timer: each
// call replaces the last, and a call without f only clears it.
//
// Platforms truncate fractions, so set rounds the delay up. f may still be called less than a
// millisecond early, and much earlier if the delay is beyond the longest. f must count less than
// a millisecond as nothing, or less than two if it also reads the wall clock, which has no fractions. If it set another timer for the rest, again and again, browsers would
// treat those timers as nested, and fire them once a minute in a hidden page.
export const timer = (clock) => {
  let current;
  return (ms, f) => {
    clock.clearTimeout(current);
    if (f) current = clock.setTimeout(f, Math.min(Math.ceil(ms), longest));
  };
};

// now returns the present instant on both clocks: a monotonic one, which may stand still while the
// machine is suspended, and the wall clock.
export const now = (clock) => ({ mono: clock.performance.now(), wall: clock.Date.now() });
