import { onAbort } from "./signal.js";
import { toSignal } from "./options.js";

// settle makes a promise of what run does with the client that find returns. It is rejected at
// once when the client ends, or options.signal is aborted, however far run has come. In a frame
// that was removed from its page nothing runs any more, not even what waits for a promise: so
// what those outside are given must be this very promise.
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

// steps is a generator each step of which is settled so.
export function steps(client, options, generator) {
  const { next } = generator;
  generator.next = () => settle(() => client, options, () => next.call(generator));
  return generator;
}
