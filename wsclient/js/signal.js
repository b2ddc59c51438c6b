// onAbort calls f when signal, if there is one, is aborted, until the function that it
// returns is called. It throws where that has happened before.
export function onAbort(signal, f) {
  signal?.throwIfAborted();
  signal?.addEventListener("abort", f);
  return () => signal?.removeEventListener("abort", f);
}
