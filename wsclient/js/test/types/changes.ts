// The event of a change decides which properties it has, however a program tests it.

import type { Change, LockManager, RequestInfo } from "lockbroker";
import { same } from "./same.js";

type RequestEvent = Exclude<Change["event"], "watching" | "lagged">;

export async function follow(locks: LockManager) {
  for await (const c of locks.watch("orders/*")) {
    if (c.event === "watching" || c.event === "lagged") continue;
    same<typeof c.lock, string>(true);
    same<typeof c.request, RequestInfo>(true);
    same<typeof c.event, RequestEvent>(true);
  }
}

export function tell(c: Change): string {
  // @ts-expect-error The event must be tested first.
  void c.lock;
  if (c.event === "lagged") {
    // @ts-expect-error
    void c.lock;
    return "changes were missed";
  }
  if (c.event === "watching") return "the watch begins";
  if (c.event !== "lost") {
    same<typeof c.reason, undefined>(true);
    return c.lock;
  }
  same<typeof c.reason, "expired" | "stolen" | "evicted">(true);
  same<typeof c.by, string | undefined>(true);
  return `${c.lock} ${c.reason}`;
}

export function all(c: Change): string {
  switch (c.event) {
    case "watching":
    case "lagged":
      return c.event;
    case "lost":
      return c.reason;
    case "granted":
      return `${c.request.token}`;
    case "queued":
    case "released":
    case "cancelled":
    case "timeout":
    case "evicted":
    case "forbidden":
    case "shutting_down":
    case "gone":
      return c.lock;
  }
  same<typeof c, never>(true);
}

// @ts-expect-error There is no such event.
export const typo = (c: Change) => c.event === "watchin";
