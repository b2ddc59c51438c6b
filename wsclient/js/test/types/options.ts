// An option may be undefined, even with exactOptionalPropertyTypes. So a function can pass on { signal } if its own
// signal is optional.

import { connect } from "lockbroker";
import type { ConnectOptions, InfoOptions, LockManager, LockSpec, RequestOptions } from "lockbroker";

/** T with only its optional properties, all of them undefined. */
type Nothing<T> = { [K in keyof T as {} extends Pick<T, K> ? K : never]: undefined };
/** The last parameter of a method: its options. */
type OptionsOf<M extends keyof LockManager> = LockManager[M] extends (...args: infer P) => unknown
  ? Required<P> extends [...unknown[], infer O extends object]
    ? O
    : object
  : never;

declare const nothing: {
  connect: Nothing<ConnectOptions>;
  request: Nothing<RequestOptions>;
  spec: Nothing<LockSpec>;
  info: Nothing<InfoOptions>;
  query: Nothing<OptionsOf<"query">>;
  watch: Nothing<OptionsOf<"watch">>;
  why: Nothing<OptionsOf<"why">>;
  evict: Nothing<OptionsOf<"evict">>;
};

export const locks: LockManager = await connect("ws://127.0.0.1:27002", nothing.connect);
await locks.request("a", { ...nothing.request, ifAvailable: undefined }, (lock) => lock.token);
await locks.acquire("a", { ...nothing.request, ifAvailable: undefined });
export const spec: LockSpec = { ...nothing.spec, name: "a" };
export const info: InfoOptions = nothing.info;
export const query: OptionsOf<"query"> = nothing.query;
export const watch: OptionsOf<"watch"> = nothing.watch;
export const why: OptionsOf<"why"> = nothing.why;
export const evict: OptionsOf<"evict"> = nothing.evict;
await connect(["ws://a:27002", new URL("ws://b:27002")] as const, { resume: true });
// @ts-expect-error There must be a URL.
await connect(27002);
locks.info(undefined, undefined);
locks.info("orders/*", { whole: true, queue: 10 });
locks.watch(undefined, undefined);

export async function save(signal?: AbortSignal) {
  await locks.request("a", { signal }, (lock) => lock.token);
  for await (const change of locks.watch("a", { signal })) void change;
}

await locks.request("a", { release: "async" }, (lock) => lock.token);
await locks.acquire("a", { release: "confirmed" });

// @ts-expect-error The name is missing.
export const nameless: LockSpec = nothing.spec;
// @ts-expect-error
await locks.request("a", { signal: null }, () => {});
// @ts-expect-error
await locks.request("a", { release: "sync" }, () => {});
