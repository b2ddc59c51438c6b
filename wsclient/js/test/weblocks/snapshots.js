import { behaviour } from "./behaviour.js";

/** Returns the entries of a name: its holders and its waiters. */
const of = (snapshot, resource) => ({
  held: snapshot.held.filter((info) => info.name === resource),
  pending: snapshot.pending.filter((info) => info.name === resource),
});

export default [
  behaviour("query() resolves to two lists", async ({ locks, equal }) => {
    const promise = locks.query();
    equal(promise instanceof Promise, true, "it is a promise");
    const snapshot = await promise;
    equal(Array.isArray(snapshot.held), true, "held is a list");
    equal(Array.isArray(snapshot.pending), true, "pending is a list");
  }),

  behaviour("query() ignores arguments", async ({ locks, name, hold, equal }) => {
    const resource = name();
    await hold(locks, resource);
    equal(of(await locks.query("nothing"), resource).held.length, 1);
  }),

  behaviour("an entry has a name, a mode and a clientId, all strings", async ({ locks, name, hold, ask, equal }) => {
    const resource = name();
    await hold(locks, resource);
    ask(locks, resource, { mode: "shared" });
    const { held, pending } = of(await locks.query(), resource);
    for (const [list, mode] of [
      [held, "exclusive"],
      [pending, "shared"],
    ]) {
      equal(list.length, 1);
      equal(list[0].name, resource);
      equal(list[0].mode, mode);
      equal(typeof list[0].clientId, "string");
      equal(list[0].clientId.length > 0, true, "clientId says something");
    }
  }),

  behaviour("query() lists requests that were made before it", async ({ locks, name, ask, alike, state }) => {
    const resource = name();
    ask(locks, resource);
    ask(locks, resource, { mode: "shared" });
    alike(await state(locks, resource), { held: ["exclusive"], pending: ["shared"] });
  }),

  behaviour(
    "pending requests are listed in the order in which they were made",
    async ({ locks, name, hold, ask, alike, state }) => {
      const resource = name();
      await hold(locks, resource);
      const modes = ["shared", "exclusive", "exclusive", "shared", "exclusive", "shared", "shared"];
      for (const mode of modes) ask(locks, resource, { mode });
      alike((await state(locks, resource)).pending, modes);
    },
  ),

  behaviour("a queue of 250 requests is listed completely", async ({ locks, name, hold, ask, equal, state }) => {
    const resource = name();
    await hold(locks, resource);
    for (let i = 0; i < 250; i++) ask(locks, resource);
    equal((await state(locks, resource)).pending.length, 250);
  }),

  behaviour("each shared holder is listed", async ({ locks, name, hold, equal }) => {
    const resource = name();
    for (let i = 0; i < 4; i++) await hold(locks, resource, { mode: "shared" });
    equal(of(await locks.query(), resource).held.length, 4);
  }),

  behaviour("a context has one clientId", async ({ locks, name, hold, ask, equal }) => {
    const [a, b] = [name(), name()];
    await hold(locks, a);
    await hold(locks, b, { mode: "shared" });
    ask(locks, a);
    const snapshot = await locks.query();
    const ids = [...snapshot.held, ...snapshot.pending]
      .filter((info) => info.name === a || info.name === b)
      .map((info) => info.clientId);
    equal(ids.length, 3);
    equal(new Set(ids).size, 1, "different ids");
  }),

  behaviour(
    "two contexts have two clientIds, in each context's query()",
    async ({ locks, other, name, hold, queued, ask, equal, alike }) => {
      const resource = name();
      await hold(locks, resource);
      ask(other, resource);
      await queued(locks, resource, 1);
      const here = of(await locks.query(), resource);
      const there = of(await other.query(), resource);
      equal(here.held[0].clientId === here.pending[0].clientId, false, "the same id");
      alike(there, here, "what the other sees");
    },
  ),

  behaviour("a free lock is in neither list", async ({ locks, name, alike, state }) => {
    const resource = name();
    await locks.request(resource, () => {});
    alike(await state(locks, resource), { held: [], pending: [] });
  }),

  behaviour("query() in a callback lists its lock", async ({ locks, name, alike, state }) => {
    const resource = name();
    alike(await locks.request(resource, () => state(locks, resource)), { held: ["exclusive"], pending: [] });
  }),

  behaviour("a snapshot does not change, and each is a new object", async ({ locks, name, hold, equal }) => {
    const resource = name();
    const holder = await hold(locks, resource);
    const before = await locks.query();
    holder.release();
    await holder.done;
    const after = await locks.query();
    equal(before === after, false, "the same snapshot");
    equal(of(before, resource).held.length, 1, "held before");
    equal(of(after, resource).held.length, 0, "held after");
  }),

  behaviour("a waiter that is granted moves from one list to the other", async ({ locks, name, hold, ask, equal }) => {
    const resource = name();
    const holder = await hold(locks, resource);
    const waiter = ask(locks, resource, { mode: "shared" });
    const { pending } = of(await locks.query(), resource);
    holder.release();
    await waiter.granted;
    const { held } = of(await locks.query(), resource);
    equal(held.length, 1);
    equal(held[0].clientId, pending[0].clientId, "clientId");
    equal(held[0].mode, "shared");
  }),

  behaviour("many queries are answered at once", async ({ locks, name, hold, equal }) => {
    const resource = name();
    await hold(locks, resource);
    for (const snapshot of await Promise.all(Array.from({ length: 20 }, () => locks.query()))) {
      equal(of(snapshot, resource).held.length, 1);
    }
  }),
];
