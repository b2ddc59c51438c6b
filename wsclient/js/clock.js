// The clocks and timers of the platform, in one place, so that a test can bring its own.
export const platform = {
  // One clock that is never set, but may stand still while the machine is suspended,
  // and the one on the wall; in milliseconds.
  mono: () => performance.now(),
  wall: () => Date.now(),
  setTimeout: (f, ms) => setTimeout(f, ms),
  clearTimeout: (timer) => clearTimeout(timer),
  random: () => Math.random(),
};

const longest = 2 ** 31 - 1; // a timer for longer would fire at once

// after calls f in so many milliseconds, unless the function that it returns is
// called before.
export function after(clock, ms, f) {
  let timer;
  const arm = (left) => {
    timer = clock.setTimeout(() => (left > longest ? arm(left - longest) : f()), Math.max(0, Math.min(left, longest)));
  };
  arm(ms);
  return () => clock.clearTimeout(timer);
}
