import { behaviour } from "./behaviour.js";

export default [
  behaviour(
    "a lock that one context holds is not granted to another",
    async ({ locks, other, name, hold, ask, queued, equal }) => {
      const resource = name();
      const holder = await hold(locks, resource);
      const waiter = ask(other, resource);
      await queued(locks, resource, 1);
      equal(waiter.lock, undefined, "granted");
      equal(await other.request(resource, { ifAvailable: true }, (lock) => lock), null);
      holder.release();
      await waiter.granted;
    },
  ),

  behaviour("two contexts share a lock", async ({ locks, other, name, hold, state, alike }) => {
    const resource = name();
    await hold(locks, resource, { mode: "shared" });
    await hold(other, resource, { mode: "shared" });
    alike(await state(locks, resource), { held: ["shared", "shared"], pending: [] });
  }),

  behaviour("contexts are served first come, first served", async ({ locks, other, name, hold, queued, alike }) => {
    const resource = name();
    const order = [];
    const requests = [];
    const holder = await hold(locks, resource);
    for (let i = 0; i < 6; i++) {
      requests.push((i % 2 ? locks : other).request(resource, () => order.push(i)));
      await queued(locks, resource, i + 1);
    }
    holder.release();
    await Promise.all(requests);
    alike(order, [0, 1, 2, 3, 4, 5]);
  }),

  behaviour("a context that ends releases its lock", async ({ locks, another, name, hold, ask, queued }) => {
    const resource = name();
    const context = await another();
    await hold(context.locks, resource);
    const waiter = ask(locks, resource);
    await queued(locks, resource, 1);
    await context.end();
    await waiter.granted;
  }),

  behaviour("a context that ends leaves the queue", async ({ locks, another, name, hold, ask, queued }) => {
    const resource = name();
    const context = await another();
    const holder = await hold(locks, resource);
    ask(context.locks, resource);
    await queued(locks, resource, 1);
    const waiter = ask(locks, resource);
    await context.end();
    await queued(locks, resource, 1);
    holder.release();
    await waiter.granted;
  }),

  behaviour("a context that ends releases its shared lock", async ({ locks, another, name, hold, ask, queued }) => {
    const resource = name();
    const context = await another();
    const here = await hold(locks, resource, { mode: "shared" });
    await hold(context.locks, resource, { mode: "shared" });
    const writer = ask(locks, resource);
    await queued(locks, resource, 1);
    here.release();
    await context.end();
    await writer.granted;
  }),
];
