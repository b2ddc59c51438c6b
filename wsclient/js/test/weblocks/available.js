import { behaviour } from "./behaviour.js";

const ifAvailable = true;

export default [
  behaviour(
    "ifAvailable gets a free lock, and holds it",
    async ({ locks, name, hold, state, alike, equal }) => {
      const resource = name();
      const holder = await hold(locks, resource, { ifAvailable });
      equal(holder.lock.name, resource);
      equal(holder.lock.mode, "exclusive");
      alike(await state(locks, resource), { held: ["exclusive"], pending: [] });
    },
  ),

  behaviour("ifAvailable gets null if the lock is held", async ({ locks, name, hold, equal }) => {
    const resource = name();
    await hold(locks, resource);
    for (const mode of ["exclusive", "shared"]) {
      equal(await locks.request(resource, { ifAvailable, mode }, (lock) => lock), null, mode);
    }
  }),

  behaviour("a shared ifAvailable gets a lock that others share", async ({ locks, name, hold, equal }) => {
    const resource = name();
    await hold(locks, resource, { mode: "shared" });
    equal(await locks.request(resource, { ifAvailable, mode: "shared" }, (lock) => lock?.mode), "shared");
    equal(await locks.request(resource, { ifAvailable }, (lock) => lock), null);
  }),

  behaviour(
    "a shared ifAvailable gets null behind a waiting exclusive request",
    async ({ locks, name, hold, ask, equal }) => {
      const resource = name();
      await hold(locks, resource, { mode: "shared" });
      ask(locks, resource);
      equal(await locks.request(resource, { ifAvailable, mode: "shared" }, (lock) => lock), null);
    },
  ),

  behaviour(
    "ifAvailable gets null if the same context holds the lock, even in its callback",
    async ({ locks, name, equal }) => {
      const resource = name();
      equal(await locks.request(resource, () => locks.request(resource, { ifAvailable }, (lock) => lock)), null);
    },
  ),

  behaviour(
    "ifAvailable that gets null resolves with what the callback returns",
    async ({ locks, name, hold, equal }) => {
      const resource = name();
      await hold(locks, resource);
      const result = { result: true };
      equal(await locks.request(resource, { ifAvailable }, () => result), result);
      equal(await locks.request(resource, { ifAvailable }, async () => result), result);
    },
  ),

  behaviour(
    "ifAvailable that gets null rejects with what the callback throws",
    async ({ locks, name, hold, rejectsWith }) => {
      const resource = name();
      await hold(locks, resource);
      const reason = { reason: true };
      const callback = () => {
        throw reason;
      };
      await rejectsWith(locks.request(resource, { ifAvailable }, callback), reason);
      await rejectsWith(
        locks.request(resource, { ifAvailable }, () => Promise.reject(reason)),
        reason,
      );
    },
  ),

  behaviour(
    "ifAvailable that gets null settles when its callback does, and holds nothing",
    async ({ locks, name, hold, ask, equal, state, alike }) => {
      const resource = name();
      const holder = await hold(locks, resource);
      const refused = ask(locks, resource, { ifAvailable });
      equal(await refused.granted, null);
      let settled = false;
      refused.done.then(() => (settled = true));
      holder.release();
      await holder.done;
      alike(await state(locks, resource), { held: [], pending: [] });
      equal(settled, false, "settled");
      refused.release("late");
      equal(await refused.done, "late");
    },
  ),

  behaviour("ifAvailable never waits in the queue", async ({ locks, name, hold, equal, state, alike }) => {
    const resource = name();
    const holder = await hold(locks, resource);
    const refused = locks.request(resource, { ifAvailable }, (lock) => lock);
    alike(await state(locks, resource), { held: ["exclusive"], pending: [] });
    holder.release();
    equal(await refused, null);
  }),

  behaviour("the callback that gets null is called once, with one argument", async ({ locks, name, hold, alike }) => {
    const resource = name();
    await hold(locks, resource);
    const calls = [];
    await locks.request(resource, { ifAvailable }, (...args) => calls.push(args));
    await locks.query();
    alike(calls, [[null]]);
  }),

  behaviour("ifAvailable gets the lock after its holder has released it", async ({ locks, name, hold, equal }) => {
    const resource = name();
    const holder = await hold(locks, resource);
    holder.release();
    await holder.done;
    equal(await locks.request(resource, { ifAvailable }, (lock) => lock?.name), resource);
  }),
];
