// The clock of a hidden tab in Chromium.

import { Clock, settle } from "./stage.js";

// A HiddenClock truncates delays and fires timers up to a millisecond early. Deeply nested timers
// (each set by the one before) wait for the next minute. A timer that is set by a message is not
// nested.
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
      await settle(); // reactions of promises belong to the timer
      this.#level = 0;
    });
  };
}
