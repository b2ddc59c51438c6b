// Every error of the client, each caused by a real situation. It runs in Node and in a page.

// errorTexts returns a list of [situation, text], in which what differs between runs is replaced: the session of the
// client by shop, that of the other client by billing, and the numbers of requests, ports, tokens and durations.
export async function errorTexts({ connect, WebSocket, places }) {
  const list = [];
  const open = (url, options) => connect(url, { WebSocket, label: "shop:1", ...options });
  const shop = await open(places.broker);
  const billing = await open(places.broker, { label: "billing:2", author: "nightly_report" });
  const sessions = new Map([[shop.session, "shop"], [billing.session, "billing"]]);

  const clean = (text) => {
    for (const [session, name] of sessions) text = text.replaceAll(session, name);
    text = text.replace(/:\d{4,5}\b/g, ":PORT").replace("n".repeat(600), "nnn...");
    text = text.replace(/certificate; .*/, "certificate"); // later versions of Node add a hint
    text = text.replace(/(shop|billing)--\d+/g, "$1--1"); // pings use up ids
    text = text.replace(/within \d+ms/g, "within 20ms"); // the rest of the wait
    return text.replace(/token \d+/g, "token 1").replace(/for [\d.]+ s/g, "for 3 s");
  };
  const toText = ({ name, message, cause }) => {
    const { code } = cause ?? {};
    const reason = typeof code === "string" || code > 1000 ? code : cause?.name; // a DOMException has a small one
    return clean(`${name}: ${message}`) + (reason ? ` [${reason}]` : "");
  };
  // situation adds the errors with which these promises are rejected.
  const situation = async (title, ...promises) => {
    for (const { reason } of await Promise.allSettled(promises)) {
      list.push([title, reason === undefined ? "no error" : toText(reason)]);
    }
  };
  const nothing = () => {};
  // quiet keeps a rejection from being reported as unhandled until situation handles it.
  const quiet = (promise) => {
    promise.catch(nothing);
    return promise;
  };

  await refusals();
  await losses();
  await malformed();
  await connections();
  await ends();
  return list;

  async function refusals() {
    const held = await billing.acquire("a");
    await situation("somebody else holds the lock", shop.acquire("a", { wait: 0 }), shop.acquire("a", { wait: 20 }));
    const ahead = billing.acquire("a", { author: undefined });
    await billing.query();
    await situation("others wait earlier", shop.acquire("a", { wait: 0 }));
    const waiting = quiet(shop.request("a", nothing));
    await shop.query();
    const { value } = await billing.info("a").next();
    await billing.evict(value.waiters[1].id, "stuck since noon");
    await situation("a waiter is evicted", waiting);
    await held.release();
    await (await ahead).release();

    const own = await shop.acquire("a");
    await situation("this client holds the lock", shop.acquire("a", { wait: 20 }));
    await situation("this client holds the lock, and it is the parent", shop.acquire("a", { parent: own }));
    await own.release();
    await situation("the parent was released", shop.acquire("a", { parent: own }));
    await situation("there is no such request", shop.why({ request: "abcdefgh--7" }), shop.evict("abcdefgh--7"));
    await situation("the broker refuses the name", shop.acquire("n".repeat(600)));
    const all = await Promise.all([shop.acquire("x"), shop.acquire("y"), shop.acquire("z")]);
    await situation("too many requests", shop.acquire("more"));
    for (const lock of all) await lock.release();
    const signal = AbortSignal.abort(new Error("the reason of the signal"));
    await situation("the signal is aborted", shop.acquire("a", { signal }));
  }

  async function losses() {
    const lose = async (title, lose, options) => {
      const lock = await shop.acquire("a", options);
      const lost = new Promise((_, reject) => {
        const { signal } = lock;
        const fail = () => reject(signal.reason);
        if (signal.aborted) fail();
        else signal.addEventListener("abort", fail);
      });
      await Promise.all([situation(title, lost), lose(lock)]);
    };
    await lose("an operator evicts the holder", (lock) => billing.evict(lock.id, "stuck since noon"));
    await lose("an operator evicts the holder without a message", (lock) => billing.evict(lock.id));
    await lose("another request steals the lock", () => billing.request("a", { steal: true }, nothing));
    await lose("the hold has passed", nothing, { hold: 20 });
    await lose("several locks are lost", (lock) => billing.evict(lock.id), { names: ["b", 'c "c"\n'] });
  }

  async function malformed() {
    const signal = AbortSignal.abort();
    for (const options of [{ wait: -1 }, { names: "a" }, { mode: "none" }, { release: "now" }, { parent: "a" }, { author: "\ud800" }, "a"]) {
      await situation("arguments of the wrong form", shop.acquire("a", options));
    }
    await situation("arguments of the wrong form", shop.request("a", {}));
    for (const options of [{ steal: true, ifAvailable: true }, { ifAvailable: true, signal }]) {
      await situation("options that exclude each other", shop.acquire("a", options));
    }
    await situation("a reserved name", shop.acquire("-a"));
    await situation("a message that is too big", shop.acquire("a", { author: "\0".repeat(70_000) }));
    for (const url of ["ftp://host", "ws://me:secret@host", "ws://host/a#b", "host?token=secret"]) {
      await situation("a bad URL", open(url));
    }
  }

  async function connections() {
    for (const [place, url] of Object.entries(places).sort()) {
      if (place.startsWith("connect: ")) await situation(place, open(`${url}/?token=secret`));
    }
    const fast = (f, ms) => setTimeout(f, ms / 100);
    const { performance, Date, Math } = globalThis;
    const clock = { performance, Date, Math, setTimeout: fast, clearTimeout: (id) => clearTimeout(id) };
    await situation("connect: no hello", open(places.silent, { clock }));
    const controller = new AbortController();
    const waiting = quiet(open(places.silent, { waitForBroker: true, signal: controller.signal }));
    controller.abort();
    await situation("connect: the signal is aborted", waiting);
  }

  // ends causes the end of a connection in several ways. The places of the controls do so on request.
  async function ends() {
    for (const [title, url, control] of [
      ["the network ends the connection", places.network, places.cut],
      ["the broker does not answer", places.network, places.freeze],
      ["the broker stops", places.stopping, places.stop],
    ]) {
      const locks = await open(url);
      sessions.set(locks.session, "shop");
      let lost;
      await new Promise((granted) => {
        lost = quiet(locks.request("a", () => (granted(), new Promise(nothing))));
      });
      const offline = new Promise((resolve) => locks.addEventListener("disconnected", resolve));
      const ask = () => fetch(control, { mode: "no-cors" });
      await ask().catch(ask); // on a machine under load the first may time out
      await offline;
      await situation(title, lost, locks.acquire("a", { ifAvailable: true }));
      await situation(`${title}: a wait passes`, locks.acquire("a", { wait: 1 }));
      await locks.close();
    }
    const held = quiet(shop.request("a", () => new Promise(nothing)));
    const waiting = quiet(shop.request("a", nothing));
    await shop.query();
    await Promise.all([situation("the client is closed", held, waiting), shop.close(), billing.close()]);
    await situation("the client was closed", shop.acquire("a"));
  }
}
