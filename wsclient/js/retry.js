import { retryOf } from "./codes.js";

// When this client tries again. These functions decide by their arguments alone.

// backoff returns a function that computes the pause before the next attempt to connect, in
// milliseconds. The pause is random, from 0 to a bound that doubles (full jitter), so that the clients
// of a broker that has restarted do not all come at once. See Marc Brooker, "Exponential Backoff
// And Jitter", 2015. Its arguments are how many milliseconds the last connection lasted, 0 if the
// attempt failed, and a random number from 0 to 1. count is how many attempts are a round, with the same bound.
//
// The third argument is the session timeout of a session that waits to be taken up. The pauses are shorter then, so that
// several attempts fit into its lease.
export const backoff = (count = 1) => {
  const first = 100; // ms; the bound of the first pause
  const most = 5000; // ms; the bound of every pause
  const often = 300; // ms; the same for a session that waits to be taken up: while it is absent, others wait, too
  const settled = 10_000; // ms; a connection that lasted this long resets the bound
  let attempts = 0;
  return (lasted, random, timeout) => {
    if (lasted >= settled) attempts = 0;
    const bound = first * 2 ** Math.trunc(attempts++ / count);
    return random * (timeout ? Math.min(often, timeout / 12, bound / 2) : Math.min(most, bound));
  };
};

// attemptTime returns how long an attempt to connect may take, in milliseconds. If a session with that timeout waits to
// be taken up, that is a tenth of its lease, and at least a second. So a URL that does not answer leaves time for
// others. The time doubles after every second round of attempts, for a client that is far away from its broker.
export const attemptTime = (timeout = Infinity, rounds) =>
  Math.min(Math.max(1000, timeout / 15) * 2 ** (rounds >> 1), 10_000);

// isFinal reports whether the client ends after a connection that ended with this error. An
// unlisted code is not final, because its cause may pass. Nor is a close with 1000: the broker only
// echoes that code, so a proxy must have sent this one.
export const isFinal = ({ status, code }) => (retryOf(status) ?? (code !== 1000 && retryOf(code))) === "never";

// isResubmitted reports whether a waiting request that ends with this code is submitted again on
// the next connection.
export const isResubmitted = (code) => retryOf(code) === "reconnect";
