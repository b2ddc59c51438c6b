import callArguments from './arguments.js';
import available from './available.js';
import contexts from './contexts.js';
import locks from './locks.js';
import names from './names.js';
import queues from './queues.js';
import results from './results.js';
import signal from './signal.js';
import snapshots from './snapshots.js';
import steal from './steal.js';

/** The behaviours of https://w3c.github.io/web-locks/, for any lock manager. */
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
