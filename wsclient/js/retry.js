import { retryOf } from "./codes.js";

// What the client decides about connections: functions of what they are given.

// backoff makes a function that says how long to pause before the next attempt: at random
// between nothing and a bound that doubles (full jitter), so that clients whose broker has
// restarted do not come all at once. See Marc Brooker, "Exponential Backoff And Jitter",
// 2015. It is given for how many milliseconds the last connection has lasted, 0 for an
// attempt that failed, and a dice from 0 to 1.
export function backoff() {
  const first = 100; // ms; bounds of the first pause before an attempt to connect,
  const most = 5000; // and of every pause
  const settled = 10_000; // a connection that lasts so long was no failed attempt
  let attempts = 0;
  return (lasted, dice) => {
    if (lasted >= settled) attempts = 0;
    return dice * Math.min(most, first * 2 ** attempts++);
  };
}

// isFinal reports whether another attempt after a connection that ended so would be in
// vain. What is not listed may be over later. A close with 1000 that this side has not
// asked for is not the broker's: it says nothing about the next attempt.
export const isFinal = ({ status, code }) => (retryOf(status) ?? (code !== 1000 && retryOf(code))) === "never";

// asksAgain reports whether a request that was refused with that code is to be made again
// on the next connection.
export const asksAgain = (code) => retryOf(code) === "reconnect";
