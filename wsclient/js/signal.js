// onAbort calls f when signal, if there is one, is aborted, until the function that it
// returns is called.
export function onAbort(signal, f) {
  signal?.addEventListener("abort", f);
  return () => signal?.removeEventListener("abort", f);
}
