import { onAbort } from "./signal.js";
import { toSignal } from "./options.js";

// settle returns a promise for the result of run(client), where find returns the client. The promise
// is rejected as soon as the client ends or options.signal is aborted, however far run has come.
//
// In a frame that was removed from its page nothing runs, not even the reaction to a promise. So code
// outside the frame must get this very promise, and not one that depends on it.
export const settle = (find, run, options) =>
  new Promise((resolve, reject) => {
    const client = find();
    if (client.error) throw client.error;
    const signal = toSignal(options?.signal);
    const cleanUpThen = (f) => (value) => {
      ignoreSignal();
      client.pending.delete(entry);
      f(value);
    };
    const fail = cleanUpThen(reject);
    const entry = { end: fail };
    const ignoreSignal = onAbort(signal, () => fail(signal.reason));
    client.pending.add(entry);
    run(client).then(cleanUpThen(resolve), fail);
  });

// steps returns the generator. Each of its steps is settled in the same way.
export const steps = (client, generator, options) => {
  const { next } = generator;
  generator.next = () => settle(() => client, () => next.call(generator), options);
  return generator;
};
