// A client process of the soak in Node: clients of wsclient/js that acquire, hold and release, and report what they hold.
// The package internal/record defines the commands on stdin and the reports on stdout.
//
//   node worker.mjs CONFIG, with the path of client.js and the fields of load.Config in one JSON object

import { createInterface } from "node:readline";

const config = JSON.parse(process.argv[2]);
const { connect } = await import(config.client);

const sampleEvery = 20;
const longestGap = 60e6; // ns between two samples that are in time
const enough = 5; // so many samples must be
const longLocks = 2; // how many locks are held for long
const countedLimit = 3;
const patience = 15000;

const now = () => Number(process.hrtime.bigint()); // CLOCK_MONOTONIC; exact below 104 days
const random = (n) => Math.floor(Math.random() * n);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const write = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

// counts says what happened since the last report.
let counts = {};
const add = (field, key) => {
  counts[field] ??= {};
  counts[field][key] = (counts[field][key] ?? 0) + 1;
};
const count = (kind, result) => add("operations", `node ${kind}: ${result}`);
const check = (promise, ok, detail) => {
  add("checks", promise);
  if (!ok) write({ violation: { promise, detail: `node: ${detail}` } });
};
setInterval(() => {
  write({ counts });
  counts = {};
}, 1000);

// The promises that this process checks.
const [boundedWait, lossTold, deadlocks] = [10, 12, 14];

const gate = { paused: false, busy: new Map(), waiting: [] };
setInterval(() => {
  if (!gate.paused) return;
  const busy = [...gate.busy.values()].map((o) => `${o.what} for ${Math.round(performance.now() - o.begin)} ms`);
  write({ idle: { busy: busy.slice(0, 20) } });
}, 200);

class Client {
  constructor(n) {
    this.n = n;
    this.holders = 0;
    this.calm = [];
  }

  async connect() {
    const label = `soak/${config.Name}/${this.n}`;
    this.locks = await connect(config.URL, { label, author: label, waitForBroker: true });
  }

  // keep reports a holder, and checks for a while that it holds. Every third client watches alone: it looks at
  // lock.signal once, because that makes the client read the clocks, and then keeps the signal. If samples do not
  // come in time, the timers of the client do not either. Then they do not count.
  async keep(lock, specs, called, ms) {
    const record = {
      client: this.n, n: ++this.holders, id: lock.id, locks: specs, token: lock.token, called, from: now(), to: 0,
    };
    const { signal } = lock;
    const watches = this.n % 3 === 0;
    let reported = false;
    let streak = enough; // how many samples have come in time since one was late
    let latest = now();
    const held = () => {
      const at = now();
      streak = at - latest > longestGap ? 0 : streak + 1;
      latest = at;
      if ((watches ? signal : lock.signal).aborted) return false;
      if (!watches || streak >= enough) record.to = at;
      return true;
    };
    const report = () => {
      if (record.to === 0) return;
      write(reported ? { sample: { client: record.client, n: record.n, to: record.to } } : { hold: record });
      reported = true;
    };
    const end = performance.now() + ms;
    while (held() && performance.now() < end) {
      await sleep(Math.min(sampleEvery, end - performance.now()));
      if (held() && performance.now() < end) report();
    }
    report();
    if (signal.aborted) {
      const { reason } = signal;
      check(lossTold, reason?.name === "LostError" || reason?.name === "AbortError", `${lock.id} was lost with ${reason}`);
      add("losses", reason?.reason ?? "unknown");
    }
  }

  // use acquires with these options, holds for a while, and releases.
  async use(kind, name, options = {}, inside = undefined, most = 20) {
    const mode = options.mode ?? "exclusive";
    const spec = (n) => ({ name: n, shared: mode === "shared", limit: options.limit ?? 0 });
    const specs = [name, ...(options.names ?? [])].map(spec);
    const [called, begin] = [now(), performance.now()];
    const acquired = () => {
      if (options.wait === undefined) return;
      // The event loop has no measure of how long the process was frozen, so the bound is wide.
      const most = options.wait + 3 * config.Timeout / 1e6 + 2 * patience;
      check(boundedWait, performance.now() - begin < most, `${kind} ${name} took ${performance.now() - begin} ms`);
    };
    try {
      await this.locks.request(name, options, async (lock) => {
        acquired();
        if (lock === null) {
          count(kind, "unavailable");
          return;
        }
        count(kind, "granted");
        await this.keep(lock, specs, called, random(most));
        if (inside) await inside(lock);
      });
    } catch (error) {
      this.failed(kind, error, options);
    }
  }

  // failed counts an error, and reports one that no fault explains.
  failed(kind, error, options) {
    const result = error.code ?? error.name;
    count(kind, result);
    if (error.code === "deadlock") {
      check(deadlocks, options.parent !== undefined && error.cycle.length > 0, `${kind} was refused as a deadlock`);
    }
    const known = ["TimeoutError", "AbortError", "LostError", "ConnectionError", "InvalidStateError", "deadlock", "evicted",
      "not_found", "shutting_down", "not_granting", "unavailable", "gave up"];
    if (!known.includes(result) && !known.includes(error.name)) {
      counts.unexpected = [...(counts.unexpected ?? []), `node ${kind}: ${error}`];
    }
  }

  name(kind) {
    return `${kind}/${random(config.Names)}`;
  }

  async operate() {
    const pick = random(12);
    switch (pick) {
      case 0: case 1:
        return this.use("exclusive", this.name("exclusive"));
      case 2: case 3:
        return this.use("shared", this.name("shared"), { mode: random(4) === 0 ? "exclusive" : "shared" });
      case 4:
        return this.use("counted", this.name("counted"), { mode: "shared", limit: countedLimit });
      case 5: {
        const [a, b] = [this.name("several"), this.name("several")];
        return this.use("several", a, a === b ? {} : { names: [b] });
      }
      case 6:
        return this.use("nested, outer", this.name("nested"), {}, async (lock) => {
          const name = this.name("nested");
          if (name !== lock.name) await this.use("nested, inner", name, { parent: lock });
        });
      case 7:
        return this.use("try", this.name("exclusive"), { ifAvailable: true });
      case 8:
        return this.use("wait", this.name("exclusive"), { wait: 1 + random(300) });
      case 9:
        return this.use("give up", this.name("exclusive"), { signal: AbortSignal.timeout(random(100)) });
      case 10: { // a fault often meets a holder, and others wait for its lock
        const lease = Math.floor((config.Timeout / 1e6) * 2 / 3);
        const name = `long/${random(Math.min(longLocks, config.Names))}`;
        return this.use("long", name, { wait: lease }, undefined, Math.min(lease, 3000));
      }
      default:
        return this.list();
    }
  }

  async list() {
    const signal = AbortSignal.timeout(patience);
    try {
      for await (const lock of this.locks.info("exclusive/*", { signal, max: 1 + random(10) })) {
        check(1, lock.holding <= 1, `info shows ${lock.holding} holders of ${lock.name}`);
      }
      count("info", "done");
    } catch (error) {
      this.failed("info", error, {});
    }
  }

  async serve() {
    for (let n = 0; ; n++) {
      while (gate.paused) await new Promise((resolve) => gate.waiting.push(resolve));
      const key = {};
      gate.busy.set(key, { what: `node client ${this.n}`, begin: performance.now() });
      await this.operate();
      gate.busy.delete(key);
      await sleep(-Math.log(1 - Math.random()) * config.Think / 1e6);
    }
  }

  // holdInCalm holds the client's own lock, and the one that all clients share.
  async holdInCalm() {
    const hold = async (name, mode) => {
      try {
        const lock = await this.locks.acquire(name, { mode, wait: 2 * config.Timeout / 1e6 + patience });
        this.calm.push({ name, lock });
      } catch (error) {
        this.failed("calm", error, {});
      }
    };
    await Promise.all([hold(`calm/own/${config.Name}/${this.n}`, "exclusive"), hold("calm/shared", "shared")]);
  }

  async dropInCalm() {
    const calm = this.calm;
    this.calm = [];
    await Promise.allSettled(calm.map(({ lock }) => lock.release()));
  }
}

const clients = Array.from({ length: config.Clients }, (_, n) => new Client(n));

const list = () => {
  const held = clients.flatMap((c) => c.calm)
    .filter(({ lock }) => !lock.signal.aborted)
    .map(({ name, lock }) => ({ lock: name, id: lock.id, token: lock.token }));
  write({ holding: { sessions: clients.map((c) => c.locks.session), held } });
};

const commands = {
  pause: () => { gate.paused = true; },
  resume: () => {
    gate.paused = false;
    for (const go of gate.waiting.splice(0)) go();
  },
  hold: async () => {
    await Promise.all(clients.map((c) => c.holdInCalm()));
    list();
  },
  list,
  drop: async () => {
    await Promise.all(clients.map((c) => c.dropInCalm()));
    list();
  },
  memory: () => {
    globalThis.gc?.();
    write({ memory: { heap: process.memoryUsage().heapUsed } });
  },
};

const lines = createInterface({ input: process.stdin });
lines.on("close", async () => {
  await Promise.all(clients.map((c) => c.locks?.close()));
  process.exit(0);
});
lines.on("line", (line) => commands[line]());

await Promise.all(clients.map((c) => c.connect()));
write({ ready: {} });
for (const c of clients) c.serve();
