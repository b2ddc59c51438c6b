import callArguments from "./arguments.js";
import available from "./available.js";
import contexts from "./contexts.js";
import locks from "./locks.js";
import names from "./names.js";
import queues from "./queues.js";
import results from "./results.js";
import signal from "./signal.js";
import snapshots from "./snapshots.js";
import steal from "./steal.js";

/**
 * The behaviours of https://w3c.github.io/web-locks/, for any lock manager. The tests of wsclient/js/chromium run them
 * on the browser's lock manager, to prove that they are right, and on the client.
 */
export const behaviours = [
  ...callArguments,
  ...names,
  ...locks,
  ...results,
  ...queues,
  ...available,
  ...signal,
  ...steal,
  ...snapshots,
  ...contexts,
];
