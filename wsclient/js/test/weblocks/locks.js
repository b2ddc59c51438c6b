import { behaviour } from "./behaviour.js";

export default [
  behaviour("the callback gets a lock with its name and mode", async ({ locks, name, equal }) => {
    for (const mode of ["exclusive", "shared"]) {
      const resource = name();
      await locks.request(resource, { mode }, (lock) => {
        equal(lock.name, resource, "name");
        equal(lock.mode, mode, "mode");
      });
    }
  }),

  behaviour("without options the mode is exclusive", async ({ locks, name, equal }) => {
    equal(await locks.request(name(), (lock) => lock.mode), "exclusive");
    equal(await locks.request(name(), {}, (lock) => lock.mode), "exclusive");
  }),

  behaviour("name and mode of a lock cannot be assigned", async ({ locks, name, equal, fail }) => {
    const resource = name();
    await locks.request(resource, (lock) => {
      for (const key of ["name", "mode"]) {
        try {
          lock[key] = "shared";
        } catch (error) {
          equal(error instanceof TypeError, true, "it is a TypeError");
          continue;
        }
        fail(`${key} was assigned`);
      }
      equal(lock.name, resource);
      equal(lock.mode, "exclusive");
    });
  }),

  behaviour("a lock keeps its name and mode after its release", async ({ locks, name, equal }) => {
    const resource = name();
    const lock = await locks.request(resource, { mode: "shared" }, (l) => l);
    equal(lock.name, resource);
    equal(lock.mode, "shared");
  }),

  behaviour("each grant has its own lock object", async ({ locks, name, equal }) => {
    const resource = name();
    const one = await locks.request(resource, (lock) => lock);
    const two = await locks.request(resource, (lock) => lock);
    equal(one === two, false, "the same lock");
  }),

  behaviour("the callback is called once, with one argument and no this", async ({ locks, name, equal }) => {
    const calls = [];
    await locks.request(name(), function (...args) {
      calls.push([this, args.length]);
    });
    await locks.query();
    equal(calls.length, 1, "calls");
    equal(calls[0][0], undefined, "this");
    equal(calls[0][1], 1, "arguments");
  }),

  behaviour("the callback is never called before request() has returned", async ({ locks, name, equal }) => {
    for (const options of [{}, { ifAvailable: true }, { steal: true }]) {
      let returned = false;
      const promise = locks.request(name(), options, () => returned);
      returned = true;
      equal(await promise, true, JSON.stringify(options));
    }
  }),

  behaviour("each request has its own promise", async ({ locks, name, equal }) => {
    const resource = name();
    const [one, two] = [locks.request(resource, () => 1), locks.request(resource, () => 2)];
    equal(one === two, false, "the same promise");
    equal(await one, 1);
    equal(await two, 2);
  }),

  behaviour("a callback may be async, bound, or a proxy", async ({ locks, name, equal }) => {
    equal(await locks.request(name(), async () => "async"), "async");
    equal(await locks.request(name(), (() => "bound").bind(null)), "bound");
    equal(await locks.request(name(), new Proxy(() => "proxy", {})), "proxy");
  }),

  behaviour("a lock can be requested again and again", async ({ locks, name, equal }) => {
    const resource = name();
    for (let i = 0; i < 50; i++) equal(await locks.request(resource, () => i), i);
  }),

  behaviour("a hundred locks can be held at once", async ({ locks, name, hold, free }) => {
    const resources = Array.from({ length: 100 }, name);
    const holders = await Promise.all(resources.map((resource) => hold(locks, resource)));
    for (const holder of holders) holder.release();
    await Promise.all(holders.map((holder) => holder.done));
    await free(locks, resources[99]);
  }),
];
