// onAbort calls f when signal is aborted. It returns a function that removes f. It throws the
// signal's reason if signal is already aborted, and does nothing without a signal.
export const onAbort = (signal, f) => {
  signal?.throwIfAborted();
  signal?.addEventListener("abort", f);
  return () => signal?.removeEventListener("abort", f);
};
