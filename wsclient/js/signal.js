// onAbort calls f when signal is aborted. It returns a function that stops that. It throws the
// signal's reason if signal is aborted already, and does nothing without a signal.
export const onAbort = (signal, f) => {
  signal?.throwIfAborted();
  signal?.addEventListener("abort", f);
  return () => signal?.removeEventListener("abort", f);
};
