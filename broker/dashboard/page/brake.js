const perSecond = 2000; // changes that a page can show
const burst = 5000;
const lag = 4000; // changes for which a lag counts
const sampling = 2000; // ms between two readings
const share = 5; // the pause after a reading, divided by how long the reading took
const [shortest, longest] = [10_000, 60_000]; // ms for which the view does not watch

// untilVisible waits while nobody can see the page.
const untilVisible = async () => {
  while (document.hidden) {
    await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
  }
};

// createBrake says when more changes come than a page can show, and what to do meanwhile. Changes fill a bucket that
// leaks.
export const createBrake = (now) => {
  let level = 0;
  let counted = now();
  let resumed = -longest;
  let rest = shortest;

  return {
    // isTooMuch counts a change, or a lag.
    isTooMuch(event) {
      const at = now();
      level = Math.max(0, level - ((at - counted) * perSecond) / 1000);
      level += event === "lagged" ? lag : 1;
      counted = at;
      return level > burst;
    },

    // pause reads again and again for a while, which is longer each time that it was too short.
    async pause(read, signal) {
      rest = now() - resumed < longest ? Math.min(longest, rest * 2) : shortest;
      const until = now() + rest;
      while (now() < until && !signal.aborted) {
        await untilVisible();
        const begun = now();
        await read();
        await new Promise((resolve) => setTimeout(resolve, Math.max(sampling, (now() - begun) * share)));
      }
      level = 0;
      resumed = counted = now();
    },
  };
};
