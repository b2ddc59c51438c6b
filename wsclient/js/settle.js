import { onAbort } from "./signal.js";
import { toSignal } from "./options.js";

// settle returns a promise for the result of run, which it calls with the client that find
// returns. It is rejected at once when the client ends or options.signal is aborted, however
// far run has come. In a frame that was removed from its page nothing runs any more, not even
// what waits for a promise: so callers outside must be given this very promise.
export const settle = (find, options, run) =>
  new Promise((resolve, reject) => {
    const client = find();
    if (client.error) throw client.error;
    const signal = toSignal(options?.signal);
    const last = (f) => (value) => {
      forget();
      client.pending.delete(fail);
      f(value);
    };
    const fail = last(reject);
    const forget = onAbort(signal, () => fail(signal.reason));
    client.pending.add(fail);
    run(client).then(last(resolve), fail);
  });

// steps returns the generator, each step of which is then settled in the same way.
export function steps(client, options, generator) {
  const { next } = generator;
  generator.next = () => settle(() => client, options, () => next.call(generator));
  return generator;
}
