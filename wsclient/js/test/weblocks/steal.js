import { behaviour } from "./behaviour.js";

const steal = true;

export default [
  behaviour("steal of a free lock is a grant like any other", async ({ locks, name, hold, state, alike, equal }) => {
    const resource = name();
    const thief = await hold(locks, resource, { steal });
    equal(thief.lock.mode, "exclusive");
    alike(await state(locks, resource), { held: ["exclusive"], pending: [] });
  }),

  behaviour(
    "steal takes the lock at once, and the victim rejects with AbortError",
    async ({ locks, name, hold, state, alike, rejects }) => {
      const resource = name();
      const victim = await hold(locks, resource);
      const thief = await hold(locks, resource, { steal });
      await rejects(victim.done, "AbortError");
      alike(await state(locks, resource), { held: ["exclusive"], pending: [] });
      thief.release();
      await thief.done;
    },
  ),

  behaviour("steal takes the lock from all shared holders", async ({ locks, name, hold, state, alike, rejects }) => {
    const resource = name();
    const victims = [await hold(locks, resource, { mode: "shared" }), await hold(locks, resource, { mode: "shared" })];
    await hold(locks, resource, { steal });
    for (const victim of victims) await rejects(victim.done, "AbortError");
    alike(await state(locks, resource), { held: ["exclusive"], pending: [] });
  }),

  behaviour(
    "the callback of the victim goes on, and its result is ignored",
    async ({ doomed, locks, name, gate, hold, equal, rejects }) => {
      const resource = name();
      const [granted, goOn, ended] = [gate(), gate(), gate()];
      const victim = doomed(
        locks.request(resource, async () => {
          granted.open();
          await goOn.promise;
          ended.open("the end");
          return "result";
        }),
      );
      await granted.promise;
      await hold(locks, resource, { steal });
      await rejects(victim, "AbortError");
      goOn.open();
      equal(await ended.promise, "the end");
    },
  ),

  behaviour(
    "the end of the victim's callback does not release the stolen lock",
    async ({ locks, name, hold, state, alike, rejects }) => {
      const resource = name();
      const victim = await hold(locks, resource);
      await hold(locks, resource, { steal });
      await rejects(victim.done, "AbortError");
      victim.release();
      alike(await state(locks, resource), { held: ["exclusive"], pending: [] });
      alike(await state(locks, resource), { held: ["exclusive"], pending: [] });
    },
  ),

  behaviour("a victim whose callback fails later stays rejected with AbortError", async ({ locks, name, hold, rejects }) => {
    const resource = name();
    const victim = await hold(locks, resource);
    await hold(locks, resource, { steal });
    victim.fail("reason");
    await rejects(victim.done, "AbortError");
  }),

  behaviour(
    "waiters keep their places",
    async ({ locks, name, hold, ask, queued, state, alike, equal }) => {
      const resource = name();
      await hold(locks, resource);
      const waiters = [
        ask(locks, resource, { mode: "shared" }),
        ask(locks, resource),
        ask(locks, resource, { mode: "shared" }),
      ];
      await queued(locks, resource, 3);
      const thief = await hold(locks, resource, { steal });
      alike(await state(locks, resource), { held: ["exclusive"], pending: ["shared", "exclusive", "shared"] });
      for (const waiter of waiters) equal(waiter.lock, undefined, "granted");
      thief.release();
      for (const waiter of waiters) {
        await waiter.granted;
        waiter.release();
      }
    },
  ),

  behaviour("a stolen lock can be stolen again", async ({ locks, name, hold, rejects, equal }) => {
    const resource = name();
    const thieves = [];
    for (let i = 0; i < 3; i++) thieves.push(await hold(locks, resource, { steal }));
    await rejects(thieves[0].done, "AbortError");
    await rejects(thieves[1].done, "AbortError");
    thieves[2].release("kept");
    equal(await thieves[2].done, "kept");
  }),

  behaviour("a callback can steal its own lock", async ({ doomed, locks, name, rejects, equal, gate }) => {
    const resource = name();
    const stolen = gate();
    const victim = doomed(
      locks.request(resource, async () => stolen.open(await locks.request(resource, { steal }, () => "stolen"))),
    );
    await rejects(victim, "AbortError");
    equal(await stolen.promise, "stolen");
  }),

  behaviour("steal touches no other name", async ({ locks, name, hold, equal }) => {
    const holder = await hold(locks, name());
    await hold(locks, name(), { steal });
    holder.release("kept");
    equal(await holder.done, "kept");
  }),

  behaviour("a steal does not abort the victim's own signal", async ({ locks, name, hold, rejects }) => {
    const resource = name();
    const controller = new AbortController();
    const victim = await hold(locks, resource, { signal: controller.signal });
    await hold(locks, resource, { steal });
    controller.abort("reason");
    await rejects(victim.done, "AbortError");
  }),

  behaviour("steal takes the lock from another context", async ({ locks, other, name, hold, rejects, state, alike }) => {
    const resource = name();
    const victim = await hold(other, resource);
    await hold(locks, resource, { steal });
    await rejects(victim.done, "AbortError");
    alike(await state(other, resource), { held: ["exclusive"], pending: [] });
  }),

  behaviour("a lock that was stolen and released is free", async ({ locks, name, hold, equal }) => {
    const resource = name();
    const victim = await hold(locks, resource);
    const thief = await hold(locks, resource, { steal });
    victim.release();
    thief.release();
    await thief.done;
    equal(await locks.request(resource, { ifAvailable: true }, (lock) => lock?.name), resource);
  }),
];
