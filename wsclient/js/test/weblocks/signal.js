import { behaviour } from "./behaviour.js";

export default [
  behaviour(
    "an aborted signal rejects with its reason, by identity",
    async ({ locks, name, rejectsWith, state, alike, never }) => {
      const resource = name();
      for (const reason of [{ reason: true }, "text", 0, null]) {
        await rejectsWith(locks.request(resource, { signal: AbortSignal.abort(reason) }, never), reason);
      }
      alike(await state(locks, resource), { held: [], pending: [] });
    },
  ),

  behaviour(
    "a signal that was aborted without a reason rejects with AbortError",
    async ({ doomed, locks, name, hold, rejects, rejectsWith, never }) => {
      const resource = name();
      const aborted = AbortSignal.abort();
      await rejects(locks.request(resource, { signal: aborted }, never), "AbortError");
      await rejectsWith(locks.request(resource, { signal: aborted }, never), aborted.reason);
      await hold(locks, resource);
      const controller = new AbortController();
      const waiter = doomed(locks.request(resource, { signal: controller.signal }, never));
      controller.abort();
      await rejects(waiter, "AbortError");
      await rejectsWith(waiter, controller.signal.reason);
    },
  ),

  behaviour(
    "an abort while waiting rejects with its reason, by identity, and the callback is never called",
    async ({ doomed, locks, name, hold, queued, rejectsWith, state, alike, never }) => {
      const resource = name();
      const holder = await hold(locks, resource);
      const controller = new AbortController();
      const waiter = doomed(locks.request(resource, { signal: controller.signal }, never));
      await queued(locks, resource, 1);
      const reason = { reason: true };
      controller.abort(reason);
      await rejectsWith(waiter, reason);
      alike(await state(locks, resource), { held: ["exclusive"], pending: [] });
      holder.release();
      await holder.done;
      alike(await state(locks, resource), { held: [], pending: [] });
    },
  ),

  behaviour(
    "an abort right after request() rejects, even if the lock is free",
    async ({ doomed, locks, name, rejectsWith, free, never }) => {
      const resource = name();
      const controller = new AbortController();
      const promise = doomed(locks.request(resource, { signal: controller.signal }, never));
      controller.abort("reason");
      await rejectsWith(promise, "reason");
      await free(locks, resource);
    },
  ),

  behaviour("an abort in the callback has no effect", async ({ locks, name, hold, equal, state, alike }) => {
    const resource = name();
    const controller = new AbortController();
    const holder = await hold(locks, resource, { signal: controller.signal });
    controller.abort("reason");
    alike(await state(locks, resource), { held: ["exclusive"], pending: [] });
    holder.release("kept");
    equal(await holder.done, "kept");
  }),

  behaviour("an abort during the call of the callback has no effect", async ({ locks, name, equal }) => {
    const controller = new AbortController();
    const callback = () => {
      controller.abort("reason");
      return "kept";
    };
    equal(await locks.request(name(), { signal: controller.signal }, callback), "kept");
  }),

  behaviour("an abort after the release has no effect", async ({ locks, name, equal }) => {
    const resource = name();
    const controller = new AbortController();
    const promise = locks.request(resource, { signal: controller.signal }, () => "done");
    equal(await promise, "done");
    controller.abort("reason");
    equal(await promise, "done");
    equal(await locks.request(resource, () => "next"), "next");
  }),

  // The abort may come before the grant, between grant and callback, or after that.
  behaviour(
    "an abort at any moment: either the callback is called or the request rejects, never both",
    async ({ locks, name, turns, equal, free }) => {
      for (let i = 0; i < 60; i++) {
        const resource = name();
        const controller = new AbortController();
        let called = false;
        const promise = locks.request(resource, { signal: controller.signal }, () => {
          called = true;
          return "result";
        });
        await turns(i % 12);
        controller.abort("reason");
        const outcome = await promise.catch((reason) => reason);
        await locks.query(); // all earlier messages have been handled
        equal(called, outcome === "result", `called, where the outcome is ${outcome}`);
        await free(locks, resource);
      }
    },
  ),

  behaviour(
    "an abort of one request keeps the order of the others",
    async ({ doomed, locks, name, hold, queued, rejectsWith, alike, never }) => {
      const resource = name();
      const order = [];
      const holder = await hold(locks, resource);
      const controller = new AbortController();
      const first = locks.request(resource, () => order.push("first"));
      const second = doomed(locks.request(resource, { signal: controller.signal }, never));
      const third = locks.request(resource, () => order.push("third"));
      await queued(locks, resource, 3);
      controller.abort("reason");
      await rejectsWith(second, "reason");
      holder.release();
      await Promise.all([first, third]);
      alike(order, ["first", "third"]);
    },
  ),

  behaviour(
    "after an abort at the head of a queue, requests behind it are granted if possible",
    async ({ doomed, locks, name, hold, ask, queued, rejectsWith, state, alike, never }) => {
      const resource = name();
      await hold(locks, resource, { mode: "shared" });
      const controller = new AbortController();
      const head = doomed(locks.request(resource, { signal: controller.signal }, never));
      const behind = [ask(locks, resource, { mode: "shared" }), ask(locks, resource, { mode: "shared" })];
      await queued(locks, resource, 3);
      controller.abort("reason");
      await rejectsWith(head, "reason");
      alike(await state(locks, resource), { held: ["shared", "shared", "shared"], pending: [] });
      await Promise.all(behind.map((request) => request.granted));
    },
    "chromium: after the head of a queue is aborted, the requests behind it are not granted",
  ),

  behaviour(
    "one signal for many requests cancels all that wait",
    async ({ doomed, locks, name, hold, queued, rejectsWith, never }) => {
      const resource = name();
      await hold(locks, resource);
      const controller = new AbortController();
      const { signal } = controller;
      const waiters = Array.from({ length: 5 }, () => doomed(locks.request(resource, { signal }, never)));
      await queued(locks, resource, 5);
      controller.abort("reason");
      for (const waiter of waiters) await rejectsWith(waiter, "reason");
      await queued(locks, resource, 0);
    },
  ),

  behaviour(
    "one signal for a holder and a waiter cancels only the waiter",
    async ({ doomed, locks, name, hold, queued, equal, rejectsWith, never }) => {
      const resource = name();
      const controller = new AbortController();
      const { signal } = controller;
      const holder = await hold(locks, resource, { signal });
      const waiter = doomed(locks.request(resource, { signal }, never));
      await queued(locks, resource, 1);
      controller.abort("reason");
      await rejectsWith(waiter, "reason");
      holder.release("kept");
      equal(await holder.done, "kept");
    },
  ),

  behaviour("a signal that is never aborted changes nothing", async ({ locks, name, hold, ask }) => {
    const resource = name();
    const { signal } = new AbortController();
    const holder = await hold(locks, resource, { signal });
    const waiter = ask(locks, resource, { signal, mode: "shared" });
    holder.release();
    await waiter.granted;
  }),

  behaviour(
    "AbortSignal.timeout rejects with its TimeoutError",
    async ({ doomed, locks, name, hold, rejects, rejectsWith, never }) => {
      const resource = name();
      await hold(locks, resource);
      const signal = AbortSignal.timeout(1);
      const waiter = doomed(locks.request(resource, { signal }, never));
      await rejects(waiter, "TimeoutError");
      await rejectsWith(waiter, signal.reason);
    },
  ),

  behaviour(
    "AbortSignal.any rejects with the reason of the signal that was aborted",
    async ({ doomed, locks, name, hold, queued, rejectsWith, never }) => {
      const resource = name();
      await hold(locks, resource);
      const [one, two] = [new AbortController(), new AbortController()];
      const waiter = doomed(locks.request(resource, { signal: AbortSignal.any([one.signal, two.signal]) }, never));
      await queued(locks, resource, 1);
      two.abort("two");
      one.abort("one");
      await rejectsWith(waiter, "two");
    },
  ),

  behaviour(
    "an abort in the handler of another abort works",
    async ({ doomed, locks, name, hold, queued, rejectsWith, never }) => {
      const resource = name();
      await hold(locks, resource);
      const [one, two] = [new AbortController(), new AbortController()];
      one.signal.addEventListener("abort", () => two.abort("two"));
      const waiters = [one, two].map(({ signal }) => doomed(locks.request(resource, { signal }, never)));
      await queued(locks, resource, 2);
      one.abort("one");
      await rejectsWith(waiters[0], "one");
      await rejectsWith(waiters[1], "two");
    },
  ),

  behaviour(
    "an abort in another context does not touch requests in this one",
    async ({ doomed, locks, other, name, hold, ask, queued, rejection, never }) => {
      const resource = name();
      const holder = await hold(locks, resource);
      const waiter = ask(locks, resource);
      await queued(other, resource, 1);
      const controller = new AbortController();
      const foreign = doomed(other.request(resource, { signal: controller.signal }, never));
      await queued(locks, resource, 2);
      controller.abort();
      await rejection(foreign);
      await queued(locks, resource, 1);
      holder.release();
      await waiter.granted;
    },
  ),
];
