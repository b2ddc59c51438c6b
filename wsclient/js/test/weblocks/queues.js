import { behaviour } from "./behaviour.js";

const shared = { mode: "shared" };

export default [
  behaviour(
    "an exclusive lock excludes exclusive and shared locks",
    async ({ locks, name, hold, ask, state, alike, equal }) => {
      const resource = name();
      const holder = await hold(locks, resource);
      const waiters = [ask(locks, resource), ask(locks, resource, shared)];
      alike(await state(locks, resource), { held: ["exclusive"], pending: ["exclusive", "shared"] });
      for (const waiter of waiters) equal(waiter.lock, undefined, "granted");
      holder.release();
      await waiters[0].granted;
      waiters[0].release();
      await waiters[1].granted;
    },
  ),

  behaviour("shared locks are held together", async ({ locks, name, hold, state, alike }) => {
    const resource = name();
    for (let i = 0; i < 3; i++) await hold(locks, resource, shared);
    alike(await state(locks, resource), { held: ["shared", "shared", "shared"], pending: [] });
  }),

  behaviour(
    "an exclusive request waits until the last shared holder has released",
    async ({ locks, name, hold, ask, state, alike, equal }) => {
      const resource = name();
      const readers = [await hold(locks, resource, shared), await hold(locks, resource, shared)];
      const writer = ask(locks, resource);
      readers[1].release();
      await readers[1].done;
      alike(await state(locks, resource), { held: ["shared"], pending: ["exclusive"] });
      equal(writer.lock, undefined, "granted");
      readers[0].release();
      await writer.granted;
      alike(await state(locks, resource), { held: ["exclusive"], pending: [] });
    },
  ),

  behaviour(
    "a shared request behind a waiting exclusive one waits",
    async ({ locks, name, hold, ask, state, alike, equal }) => {
      const resource = name();
      const reader = await hold(locks, resource, shared);
      const writer = ask(locks, resource);
      const late = ask(locks, resource, shared);
      alike(await state(locks, resource), { held: ["shared"], pending: ["exclusive", "shared"] });
      equal(late.lock, undefined, "granted");
      reader.release();
      await writer.granted;
      alike(await state(locks, resource), { held: ["exclusive"], pending: ["shared"] });
      writer.release();
      await late.granted;
    },
  ),

  behaviour(
    "shared requests at the head are granted together, up to the next exclusive request",
    async ({ locks, name, hold, ask, state, alike }) => {
      const resource = name();
      const holder = await hold(locks, resource);
      const waiters = [shared, shared, {}, shared].map((options) => ask(locks, resource, options));
      alike(await state(locks, resource), {
        held: ["exclusive"],
        pending: ["shared", "shared", "exclusive", "shared"],
      });
      holder.release();
      await Promise.all([waiters[0].granted, waiters[1].granted]);
      alike(await state(locks, resource), { held: ["shared", "shared"], pending: ["exclusive", "shared"] });
      waiters[0].release();
      waiters[1].release();
      await waiters[2].granted;
      alike(await state(locks, resource), { held: ["exclusive"], pending: ["shared"] });
    },
  ),

  behaviour("waiters are served first come, first served", async ({ locks, name, alike }) => {
    const resource = name();
    const order = [];
    const requests = Array.from({ length: 20 }, (_, i) => locks.request(resource, () => order.push(i)));
    await Promise.all(requests);
    alike(order, Array.from(order.keys()));
  }),

  behaviour("callbacks of shared requests are called in the order of the requests", async ({ locks, name, alike }) => {
    const resource = name();
    const order = [];
    await Promise.all(Array.from({ length: 10 }, (_, i) => locks.request(resource, shared, () => order.push(i))));
    alike(order, Array.from(order.keys()));
  }),

  behaviour("no two exclusive callbacks overlap", async ({ locks, name, equal }) => {
    const resource = name();
    let inside = 0;
    const enter = async () => {
      equal(++inside, 1, "inside");
      await locks.query();
      equal(inside, 1, "inside, later");
      inside--;
    };
    await Promise.all(Array.from({ length: 10 }, () => locks.request(resource, enter)));
  }),

  behaviour("locks may be released in any order", async ({ locks, name, hold, state, alike }) => {
    const [a, b, c] = [name(), name(), name()];
    const holders = [await hold(locks, a), await hold(locks, b), await hold(locks, c)];
    holders[1].release();
    await holders[1].done;
    alike(await state(locks, a), { held: ["exclusive"], pending: [] });
    alike(await state(locks, b), { held: [], pending: [] });
    alike(await state(locks, c), { held: ["exclusive"], pending: [] });
    holders[2].release();
    await holders[2].done;
    alike(await state(locks, a), { held: ["exclusive"], pending: [] });
  }),

  behaviour("queues of different names are independent", async ({ locks, name, hold, ask, equal }) => {
    const [a, b] = [name(), name()];
    const [onA, onB] = [await hold(locks, a), await hold(locks, b)];
    const [waitsA, waitsB] = [ask(locks, a), ask(locks, b)];
    onB.release();
    await waitsB.granted;
    equal(waitsA.lock, undefined, "granted");
    onA.release();
    await waitsA.granted;
  }),

  behaviour("a callback may request another name", async ({ locks, name, equal }) => {
    const [a, b] = [name(), name()];
    equal(await locks.request(a, () => locks.request(b, (lock) => lock.name)), b);
  }),

  behaviour(
    "locks are not re-entrant: a request for the same name in the callback waits",
    async ({ locks, name, gate, state, alike }) => {
      const resource = name();
      const asked = gate();
      const order = [];
      const inner = () => locks.request(resource, () => order.push("inner"));
      const outer = locks.request(resource, async () => {
        const promise = inner();
        alike(await state(locks, resource), { held: ["exclusive"], pending: ["exclusive"] });
        asked.open([promise]); // inside a list, so that the callback does not wait for it
        order.push("outer");
      });
      await outer;
      const [promise] = await asked.promise;
      await promise;
      alike(order, ["outer", "inner"]);
    },
  ),

  behaviour("a shared request in the callback of a shared lock is granted", async ({ locks, name, equal }) => {
    const resource = name();
    equal(await locks.request(resource, shared, () => locks.request(resource, shared, () => "inner")), "inner");
  }),

  behaviour(
    "locks are not upgraded: an exclusive request in the callback of a shared lock waits",
    async ({ locks, name, hold, ask, state, alike }) => {
      const resource = name();
      const reader = await hold(locks, resource, shared);
      const writer = ask(locks, resource);
      alike(await state(locks, resource), { held: ["shared"], pending: ["exclusive"] });
      reader.release();
      await writer.granted;
    },
  ),

  behaviour(
    "a request that is made at a release waits behind earlier ones",
    async ({ locks, name, hold, alike }) => {
      const resource = name();
      const order = [];
      const holder = await hold(locks, resource);
      const waiter = locks.request(resource, () => order.push("waiter"));
      holder.release();
      const late = locks.request(resource, () => order.push("late"));
      await Promise.all([waiter, late]);
      alike(order, ["waiter", "late"]);
    },
  ),

  behaviour("waiters are served after a callback has failed", async ({ locks, name, hold, ask, rejectsWith }) => {
    const resource = name();
    const holder = await hold(locks, resource);
    const waiter = ask(locks, resource);
    holder.fail("reason");
    await rejectsWith(holder.done, "reason");
    await waiter.granted;
  }),
];
