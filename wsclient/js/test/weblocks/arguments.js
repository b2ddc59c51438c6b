import { behaviour } from "./behaviour.js";

/** An error that a test recognises by identity. */
class Ours extends Error {}

export default [
  behaviour("request() takes at least two arguments, query() none", ({ locks, equal }) => {
    equal(locks.request.length, 2, "request.length");
    equal(locks.query.length, 0, "query.length");
  }),

  behaviour("no arguments, or one, reject with TypeError", async ({ locks, name, rejects }) => {
    await rejects(locks.request(), "TypeError");
    await rejects(locks.request(name()), "TypeError");
  }),

  behaviour("failures reject, and are never thrown", async ({ locks, name, equal, rejection, never }) => {
    const aborted = AbortSignal.abort();
    const calls = [
      [],
      [Symbol("name"), never],
      [name(), 5, never],
      [name(), { mode: "upgrade" }, never],
      [name(), { signal: {} }, never],
      ["-", never],
      [name(), { steal: true, ifAvailable: true }, never],
      [name(), { signal: aborted }, never],
    ];
    for (const call of calls) {
      const promise = locks.request(...call);
      equal(promise instanceof Promise, true, "it is a promise");
      await rejection(promise);
    }
  }),

  behaviour("a callback that is not callable rejects with TypeError", async ({ locks, name, rejects }) => {
    for (const callback of [undefined, null, 1, "callback", {}, [], Promise.resolve()]) {
      await rejects(locks.request(name(), callback), "TypeError", `callback ${String(callback)}`);
      await rejects(locks.request(name(), {}, callback), "TypeError", `options, callback ${String(callback)}`);
    }
  }),

  behaviour("the second of two arguments is the callback, never the options", async ({ locks, name, rejects }) => {
    await rejects(locks.request(name(), { mode: "shared" }), "TypeError");
    await rejects(locks.request(name(), undefined), "TypeError");
  }),

  behaviour("the second of three arguments is the options, even if it is callable", async (t) => {
    await t.rejects(t.locks.request(t.name(), t.never, undefined), "TypeError");
    const options = Object.assign(() => t.fail("the options were called"), { mode: "shared" });
    t.equal(await t.locks.request(t.name(), options, (lock) => lock.mode), "shared");
  }),

  behaviour("further arguments are ignored", async ({ locks, name, equal }) => {
    equal(await locks.request(name(), {}, () => "done", { mode: "nonsense" }), "done");
  }),

  behaviour("options may be undefined or null", async ({ locks, name, equal }) => {
    for (const options of [undefined, null]) {
      equal(await locks.request(name(), options, (lock) => lock.mode), "exclusive");
    }
  }),

  behaviour("options that are not an object reject with TypeError", async ({ locks, name, rejects, never }) => {
    for (const options of [true, 1, "shared", Symbol("options"), 1n]) {
      await rejects(locks.request(name(), options, never), "TypeError", String(options));
    }
  }),

  behaviour("each option may be undefined", async ({ locks, name, equal }) => {
    const options = { mode: undefined, ifAvailable: undefined, steal: undefined, signal: undefined };
    equal(await locks.request(name(), options, (lock) => lock.mode), "exclusive");
  }),

  behaviour(
    "options are read from prototypes and getters, and unknown options are ignored",
    async ({ locks, name, equal }) => {
      class Options {
        unknown = 1;
        get mode() {
          return "shared";
        }
      }
      equal(await locks.request(name(), new Options(), (lock) => lock.mode), "shared");
    },
  ),

  behaviour("options are read once each, in alphabetical order", async ({ locks, name, alike }) => {
    const read = [];
    const option = (key, value) => ({
      get: () => {
        read.push(key);
        return value;
      },
    });
    const options = Object.defineProperties(
      {},
      {
        steal: option("steal", false),
        signal: option("signal", undefined),
        mode: option("mode", "exclusive"),
        ifAvailable: option("ifAvailable", false),
      },
    );
    await locks.request(name(), options, () => {});
    const known = ["ifAvailable", "mode", "signal", "steal"];
    alike(
      read.filter((key) => known.includes(key)),
      known,
    );
  }),

  behaviour("options are read when request() is called, not later", async ({ locks, name, hold, equal }) => {
    const resource = name();
    const holder = await hold(locks, resource);
    const options = { mode: "shared" };
    const waiter = locks.request(resource, options, (lock) => lock.mode);
    options.mode = "exclusive";
    options.steal = true;
    holder.release();
    equal(await waiter, "shared");
  }),

  behaviour("an unknown mode rejects with TypeError", async ({ locks, name, rejects, never }) => {
    for (const mode of ["", "Shared", "exclusive ", null, 0, {}, []]) {
      await rejects(locks.request(name(), { mode }, never), "TypeError", `mode ${JSON.stringify(mode)}`);
    }
  }),

  behaviour("a mode is converted to a string", async ({ locks, name, equal }) => {
    const mode = { toString: () => "shared" };
    equal(await locks.request(name(), { mode }, (lock) => lock.mode), "shared");
  }),

  behaviour(
    "ifAvailable and steal are converted to booleans",
    async ({ locks, name, equal, rejects, never }) => {
      for (const no of [0, "", null, NaN]) {
        equal(await locks.request(name(), { ifAvailable: no, steal: no }, () => "done"), "done");
      }
      for (const yes of [1, "no", {}, Symbol("yes")]) {
        await rejects(locks.request(name(), { ifAvailable: yes, steal: yes }, never), "NotSupportedError");
      }
    },
  ),

  behaviour("a signal that is not an AbortSignal rejects with TypeError", async ({ locks, name, rejects, never }) => {
    for (const signal of [null, 0, "signal", {}, { aborted: true }, new AbortController(), () => {}]) {
      await rejects(locks.request(name(), { signal }, never), "TypeError", String(signal));
    }
  }),

  behaviour("an exception of a getter rejects the request, by identity", async ({ locks, name, rejectsWith, never }) => {
    for (const key of ["ifAvailable", "mode", "signal", "steal"]) {
      const ours = new Ours(key);
      const options = Object.defineProperty({}, key, {
        get: () => {
          throw ours;
        },
      });
      await rejectsWith(locks.request(name(), options, never), ours, key);
    }
  }),

  behaviour("arguments are converted in order: the name, the options, the callback", async (t) => {
    const [first, second] = [new Ours("name"), new Ours("options")];
    const thrower = (error) => () => {
      throw error;
    };
    const badName = { toString: thrower(first) };
    const badOptions = Object.defineProperty({}, "mode", { get: thrower(second) });
    await t.rejectsWith(t.locks.request(badName, badOptions, "no callback"), first);
    await t.rejectsWith(t.locks.request(t.name(), badOptions, "no callback"), second);
  }),

  behaviour("arguments are converted before their values are checked", async ({ locks, rejects, never }) => {
    await rejects(locks.request("-", {}, "no callback"), "TypeError");
    await rejects(locks.request("-", { mode: "none" }, never), "TypeError");
    await rejects(locks.request("-", { steal: true, signal: {} }, never), "TypeError");
  }),

  behaviour("the number of arguments is checked before they are converted", async ({ locks, rejects }) => {
    const badName = {
      toString: () => {
        throw new Ours("name");
      },
    };
    await rejects(locks.request(badName), "TypeError");
  }),

  behaviour("steal and ifAvailable together reject with NotSupportedError", async ({ locks, name, rejects, never }) => {
    await rejects(locks.request(name(), { steal: true, ifAvailable: true }, never), "NotSupportedError");
  }),

  behaviour("steal of a shared lock rejects with NotSupportedError", async ({ locks, name, rejects, never }) => {
    await rejects(locks.request(name(), { steal: true, mode: "shared" }, never), "NotSupportedError");
  }),

  behaviour(
    "a signal with steal or ifAvailable rejects with NotSupportedError",
    async ({ locks, name, rejects, never }) => {
      const { signal } = new AbortController();
      await rejects(locks.request(name(), { signal, steal: true }, never), "NotSupportedError");
      await rejects(locks.request(name(), { signal, ifAvailable: true }, never), "NotSupportedError");
    },
  ),

  behaviour(
    "an unsupported combination is refused before an aborted signal is",
    async ({ locks, name, rejects, never }) => {
      const signal = AbortSignal.abort(new Ours("aborted"));
      await rejects(locks.request("-", { signal }, never), "NotSupportedError");
      await rejects(locks.request(name(), { signal, steal: true }, never), "NotSupportedError");
      await rejects(locks.request(name(), { signal, ifAvailable: true }, never), "NotSupportedError");
    },
  ),

  behaviour(
    "a request with bad arguments touches no lock",
    async ({ locks, name, hold, alike, rejects, state, never }) => {
      const resource = name();
      const holder = await hold(locks, resource);
      await rejects(locks.request(resource, { steal: true, ifAvailable: true }, never), "NotSupportedError");
      await rejects(locks.request(resource, { steal: true, mode: "shared" }, never), "NotSupportedError");
      await rejects(locks.request(resource, { steal: true }, "no callback"), "TypeError");
      alike(await state(locks, resource), { held: ["exclusive"], pending: [] });
      holder.release("kept");
      await holder.done;
    },
  ),

  behaviour(
    "request() and query() on another object reject with TypeError",
    async ({ locks, name, rejects, never }) => {
      for (const self of [undefined, {}]) {
        await rejects(locks.request.call(self, name(), never), "TypeError", "request");
        await rejects(locks.query.call(self), "TypeError", "query");
      }
    },
  ),
];
