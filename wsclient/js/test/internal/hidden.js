// A clock as that of a tab of Chromium that nobody looks at.

import { Clock, settle } from "./stage.js";

// It truncates delays, fires timers up to a millisecond early, and lets those that are nested
// deep, timers set by timers set by timers, wait for the next minute. Whoever hears of a message
// is nested in nothing.
export class HiddenClock extends Clock {
  #level = 0;
  deepest = 0;

  setTimeout = (f, ms) => {
    const level = this.#level + 1;
    this.deepest = Math.max(this.deepest, level);
    const now = this.performance.now();
    const due = Math.max(now, now + Math.trunc(ms) - 0.9);
    return this.at(level < 5 ? due : Math.ceil(due / 60_000) * 60_000, async () => {
      this.#level = level;
      f();
      await settle(); // promises are part of it
      this.#level = 0;
    });
  };
}
