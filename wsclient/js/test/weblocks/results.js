import { behaviour } from "./behaviour.js";

const thrower = (reason) => () => {
  throw reason;
};

/** Requires that request() rejects with the reason of callback, and that the lock is free after that. */
const freed = async ({ locks, name, equal, rejectsWith }, callback, reason) => {
  const resource = name();
  await rejectsWith(locks.request(resource, callback), reason);
  equal(await locks.request(resource, { ifAvailable: true }, (lock) => lock?.name), resource, "the next holder");
};

export default [
  behaviour("request() resolves with the result of the callback, by identity", async ({ locks, name, equal }) => {
    const result = { result: true };
    equal(await locks.request(name(), () => result), result);
  }),

  behaviour(
    "request() resolves with the result of the callback's promise, by identity",
    async ({ locks, name, equal }) => {
      const result = { result: true };
      equal(await locks.request(name(), async () => result), result);
    },
  ),

  behaviour("a result need not be a promise: undefined, null, 0, symbols, functions", async ({ locks, name, equal }) => {
    for (const result of [undefined, null, 0, NaN, "", false, 1n, Symbol("result"), () => {}]) {
      equal(await locks.request(name(), () => result), result);
    }
  }),

  behaviour("the result may be the lock itself", async ({ locks, name, equal }) => {
    let held;
    equal(await locks.request(name(), (lock) => (held = lock)), held);
  }),

  behaviour("an exception of the callback rejects by identity, and the lock is free", (t) => {
    const reason = { reason: true };
    return freed(t, thrower(reason), reason);
  }),

  behaviour("a rejection of the callback's promise rejects by identity, and the lock is free", (t) => {
    const reason = { reason: true };
    return freed(t, () => Promise.reject(reason), reason);
  }),

  behaviour("an async callback that throws later rejects by identity, and the lock is free", (t) => {
    const reason = { reason: true };
    return freed(t, async () => t.locks.query().then(thrower(reason)), reason);
  }),

  behaviour("a reason may be undefined, or any other value", async (t) => {
    for (const reason of [undefined, null, 0, "text"]) await freed(t, thrower(reason), reason);
  }),

  behaviour("request() waits for a thenable", async ({ locks, name, equal, gate, state, alike }) => {
    const resource = name();
    const settled = gate();
    const called = gate();
    const promise = locks.request(resource, () => ({
      then: (resolve) => {
        called.open();
        settled.promise.then(() => resolve("done"));
      },
    }));
    await called.promise;
    alike(await state(locks, resource), { held: ["exclusive"], pending: [] });
    settled.open();
    equal(await promise, "done");
  }),

  behaviour("a thenable that rejects, or throws, rejects by identity", async (t) => {
    const reason = { reason: true };
    await freed(t, () => ({ then: (_, reject) => reject(reason) }), reason);
    await freed(t, () => ({ then: thrower(reason) }), reason);
  }),

  behaviour("an exception of the getter of then rejects by identity", (t) => {
    const reason = { reason: true };
    return freed(t, () => Object.defineProperty({}, "then", { get: thrower(reason) }), reason);
  }),

  behaviour("request() waits for a promise of a promise", async ({ locks, name, equal, gate, state, alike }) => {
    const resource = name();
    const [outer, inner] = [gate(), gate()];
    const promise = locks.request(resource, () => outer.promise);
    outer.open(inner.promise);
    alike(await state(locks, resource), { held: ["exclusive"], pending: [] });
    inner.open("inner");
    equal(await promise, "inner");
  }),

  behaviour("the lock is held until the promise settles", async ({ locks, name, hold, equal, state, alike }) => {
    const resource = name();
    const holder = await hold(locks, resource);
    for (let i = 0; i < 3; i++) alike(await state(locks, resource), { held: ["exclusive"], pending: [] });
    holder.release("released");
    equal(await holder.done, "released");
    alike(await state(locks, resource), { held: [], pending: [] });
  }),

  behaviour(
    "the lock is free when request() resolves, even if the callback returns no promise",
    async ({ locks, name, equal, state, alike }) => {
      const resource = name();
      equal(await locks.request(resource, () => 1), 1);
      alike(await state(locks, resource), { held: [], pending: [] });
    },
  ),

  behaviour("the lock is free for a request that is made as soon as the last one has settled", async ({ locks, name, equal }) => {
    const resource = name();
    for (let i = 0; i < 20; i++) {
      await locks.request(resource, () => {});
      equal(await locks.request(resource, { ifAvailable: true }, (lock) => lock !== null), true, "available");
    }
  }),

  behaviour("request() does not settle before the callback has", async ({ locks, name, hold, equal }) => {
    const holder = await hold(locks, name());
    let settled = false;
    holder.done.then(() => (settled = true));
    await locks.query();
    equal(settled, false, "settled");
    holder.release();
    await holder.done;
  }),
];
