// What callbacks get, and what promises resolve to.

import { connect, type HeldLock, type Lock, type LockInfo, type LockManager, type Step } from "lockbroker";
import { same } from "./same.js";

const locks = await connect("ws://127.0.0.1:27002");
same<typeof locks, LockManager>(true);
await connect(new URL("ws://127.0.0.1:27002"), { label: "a test", author: "me", clock: globalThis });

// request resolves to the awaited result of the callback.
const seven = await locks.request("a", () => 7);
same<typeof seven, number>(true);
const later = await locks.request("a", { mode: "shared", limit: 3 }, async (lock) => lock.token);
same<typeof later, number>(true);
await locks.request("a", (lock) => same<typeof lock, Lock>(true));
await locks.request("a", { steal: true }, (lock) => same<typeof lock, Lock>(true));

// Only ifAvailable may give null instead of a lock.
await locks.request("a", { ifAvailable: true }, (lock) => same<typeof lock, Lock | null>(true));
await locks.request("a", { ifAvailable: false }, (lock) => same<typeof lock, Lock>(true));
declare const perhaps: boolean;
await locks.request("a", { ifAvailable: perhaps }, (lock) => same<typeof lock, Lock | null>(true));
// @ts-expect-error The lock may be null.
await locks.request("a", { ifAvailable: true }, (lock) => lock.token);

const held = await locks.acquire("a");
same<typeof held, HeldLock>(true);
const one = await locks.acquire("a", { ifAvailable: true });
same<typeof one, HeldLock | null>(true);
await locks.acquire("b", { parent: held, names: ["c", { name: "d", mode: "shared" }], wait: 500, hold: 30_000 });
await locks.acquire("b", { names: new Set(["c"]) });
const nothing: void = await held.release();

// A lock can be read, but not changed.
held.signal.throwIfAborted();
const names: readonly string[] = held.names;
// @ts-expect-error
held.token = 1;
// @ts-expect-error
held.names.push("e");
// @ts-expect-error
await locks.request("a", { mode: "exclusiv" }, () => {});
// @ts-expect-error
await locks.request("a", { waitMS: 500 }, () => {});
// @ts-expect-error The callback is missing.
await locks.request("a");
await locks.acquire("c", { parent: held.id });
// @ts-expect-error A token is not an id.
await locks.acquire("d", { parent: held.token });

for await (const lock of locks.info("orders/*", { empty: true, queue: 10 })) {
  same<typeof lock, LockInfo>(true);
  const { mode, token } = lock.holders[0] ?? { mode: "shared" as const };
  same<typeof token, number | undefined>(true);
  same<typeof mode, "exclusive" | "shared">(true);
}
const chain = await locks.why({ request: held.id });
same<typeof chain, Step[]>(true);
const { signal } = held;
await locks.why("a", { signal });
const { pending } = await locks.query({ signal });
const waiting: { name: string; mode: string; clientId: string } | undefined = pending[0];
await locks.evict(held.id, "it hangs", { signal });
same<typeof locks.session, string>(true);
same<typeof locks.notGranting, "grace" | "no_tokens" | "draining" | undefined>(true);
const why: unknown = await locks.closed;
await locks.close();

export { names, nothing, waiting, why };
