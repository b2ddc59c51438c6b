// With a lib that has Symbol.asyncDispose, await using accepts lock managers and locks.

import { connect, type HeldLock } from "lockbroker";

export async function report() {
  await using locks = await connect("ws://127.0.0.1:27002");
  await using lock = await locks.acquire("report");
  await using other = await locks.acquire("report", { ifAvailable: true });
  return [lock.token, other?.token];
}

export const disposable = (lock: HeldLock): AsyncDisposable => lock;
export const dispose = (lock: HeldLock): Promise<void> => lock[Symbol.asyncDispose]();

// @ts-expect-error A held lock must have the method.
export const lasting = (lock: Omit<HeldLock, typeof Symbol.asyncDispose>): HeldLock => lock;
