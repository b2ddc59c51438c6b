/** Fails a behaviour. Its message says what was seen and what was wanted. */
class Failure extends Error {}

const show = (value) => {
  if (value instanceof Error) return String(value);
  if (typeof value === "string") return JSON.stringify(value);
  try {
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  } catch {
    return String(value);
  }
};

export const fail = (message) => {
  throw new Failure(message);
};

/** Requires the same value by Object.is, because results and reasons are passed on by identity. */
export const equal = (got, want, what = "value") => {
  if (!Object.is(got, want)) fail(`${what}: got ${show(got)}, want ${show(want)}`);
};

/** Requires equal lists or plain objects. */
export const alike = (got, want, what = "value") => {
  if (JSON.stringify(got) !== JSON.stringify(want)) fail(`${what}: got ${show(got)}, want ${show(want)}`);
};

/** Returns a promise and the functions that settle it. */
export const gate = () => {
  const g = {};
  g.promise = new Promise((resolve, reject) => Object.assign(g, { open: resolve, fail: reject }));
  return g;
};

/** Waits for a rejection and returns its reason. */
export const rejection = async (promise, what = "the request") => {
  let value;
  try {
    value = await promise;
  } catch (reason) {
    return reason;
  }
  return fail(`${what}: resolved with ${show(value)}, want a rejection`);
};

/** Waits for a rejection with an error of that name, from any realm. */
export const rejects = async (promise, name, what) => {
  const reason = await rejection(promise, what);
  equal(reason?.name, name, `the name of ${show(reason)}`);
  if (name !== "TypeError") equal(Object.prototype.toString.call(reason), "[object DOMException]", "its class");
};

/** Waits for a rejection with this reason, by identity. */
export const rejectsWith = async (promise, want, what) => equal(await rejection(promise, what), want, "the reason");

/** Marks a promise that will be rejected before it is awaited. Otherwise Node would end the process. */
export const doomed = (promise) => {
  promise.catch(() => {});
  return promise;
};

/** Lets the event loop run that many turns. */
export const turns = async (count) => {
  const { port1, port2 } = new MessageChannel();
  for (let i = 0; i < count; i++) {
    await new Promise((resolve) => {
      port1.onmessage = resolve;
      port2.postMessage(0);
    });
  }
  port1.close();
};

/** A callback that must not be called. */
export const never = () => fail("the callback was called");

const unique = Math.random().toString(36).slice(2);
let names = 0;

/** Returns a lock name that no other behaviour uses. */
export const name = () => `weblocks ${unique} ${++names}`;

/**
 * Returns the argument of a behaviour:
 *
 * - locks and other: the lock managers of two contexts that share locks, such as a page and its frame, or two clients;
 * - another(): makes a further context, { locks, end() };
 * - the functions above and below.
 *
 * contexts is { locks, other, another }. end() releases what the behaviour still holds, and ends its contexts.
 */
export const environment = (contexts) => {
  const asked = [];
  const ends = [];
  let over = false;

  /**
   * Requests a lock, and returns at once. granted is a promise for the lock. done is the result of request(). lock is set
   * from the grant on. release() ends the callback.
   */
  const ask = (locks, resource, options = {}) => {
    const granted = gate();
    const held = gate();
    const request = { granted: granted.promise, lock: undefined, release: held.open, fail: held.fail };
    request.done = locks.request(resource, options, (lock) => {
      request.lock = lock;
      granted.open(lock);
      return held.promise;
    });
    request.done.then(() => granted.fail(new Failure("ended without its callback")), granted.fail);
    request.granted.catch(() => {}); // a test that wants to know awaits done or granted
    held.promise.catch(() => {});
    asked.push(request);
    return request;
  };

  /** Requests a lock, and waits until it is held. */
  const hold = async (locks, resource, options) => {
    const request = ask(locks, resource, options);
    await request.granted;
    return request;
  };

  /** Returns the modes of the holders and of the waiters of a name, in order, as a context sees them. */
  const state = async (locks, resource) => {
    const snapshot = await locks.query();
    const modes = (list) => list.filter((info) => info.name === resource).map((info) => info.mode);
    return { held: modes(snapshot.held), pending: modes(snapshot.pending) };
  };

  /** Repeats condition until it is true. The runner of the behaviour decides when to give up. */
  const until = async (condition) => {
    while (!(await condition())) if (over) fail("given up");
  };

  /** Waits until a context sees count waiters of a name. */
  const queued = (locks, resource, count) => until(async () => (await state(locks, resource)).pending.length === count);

  /** Waits until a context sees neither holders nor waiters of a name. */
  const free = (locks, resource) =>
    until(async () => {
      const { held, pending } = await state(locks, resource);
      return held.length + pending.length === 0;
    });

  const another = async () => {
    const context = await contexts.another();
    ends.push(context.end);
    return context;
  };

  const end = async () => {
    over = true;
    for (const request of asked) request.release();
    for (const close of ends) await close();
  };

  const { locks, other } = contexts;
  return {
    ...{ locks, other, another, ask, hold, state, until, queued, free, end },
    ...{ fail, equal, alike, gate, rejection, rejects, rejectsWith, doomed, turns, never, name },
  };
};
