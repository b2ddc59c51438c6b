/**
 * Connects to the broker at url, for example ws://127.0.0.1:27002; http and https stand for
 * ws and wss, and the path /ws is added where there is none. It resolves once the broker has
 * said hello, and rejects with a {@link ConnectionError} where it has not after 10 s. Once its frame
 * was removed from the page, this and everything else rejects with an InvalidStateError.
 */
export function connect(url: string | URL, options?: ConnectOptions): Promise<LockManager>;

export interface ConnectOptions {
  /** Makes WebSockets. Default: the global one, which Node has from version 22 on. */
  WebSocket?: WebSocketConstructor | undefined;
  /** The author of requests that name none. */
  author?: string | undefined;
  /**
   * Tells people who read the listing which program this is. Default: the page, or the program
   * and its process, where there is such a thing.
   */
  label?: string | undefined;
  /** The clocks and timers to use, for tests. Default: those of globalThis. */
  clock?: Clock | undefined;
}

/** What is needed of a WebSocket: that of browsers, of Node, and of the package ws all have it. */
export type WebSocketConstructor = new (url: string, protocol: string) => object;

/** What is needed of globalThis. */
export interface Clock {
  performance: { now(): number };
  Date: { now(): number };
  Math: { random(): number };
  setTimeout(f: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

/**
 * What await using calls, where the program's lib knows Symbol.asyncDispose (esnext.disposable, or the types of
 * Node), and nothing where it does not. A reference to that lib would let every program use what its platform may lack.
 */
type AsyncDisposal = SymbolConstructor extends { readonly asyncDispose: infer S extends symbol }
  ? { [dispose in S]: () => Promise<void> }
  : {};

export type LockMode = "exclusive" | "shared";

/** Has the shape of navigator.locks, and reaches every machine that the broker reaches. */
export interface LockManager extends AsyncDisposal {
  /**
   * Calls callback when the lock is held, and holds it until what that returns is settled. As
   * in Web Locks; in addition, where the lock is lost meanwhile, the promise is rejected with
   * a {@link LostError}, or, where it was stolen, with an AbortError, while the callback goes on.
   */
  request<T>(name: string, callback: (lock: Lock) => T): Promise<Awaited<T>>;
  request<T>(name: string, options: RequestOptions & { ifAvailable?: false | undefined }, callback: (lock: Lock) => T): Promise<Awaited<T>>;
  request<T>(name: string, options: RequestOptions, callback: (lock: Lock | null) => T): Promise<Awaited<T>>;

  /** Like request, for a lock that is held until it is released: await using lock = await locks.acquire(name). */
  acquire(name: string, options?: RequestOptions & { ifAvailable?: false | undefined }): Promise<HeldLock>;
  acquire(name: string, options: RequestOptions): Promise<HeldLock | null>;

  /**
   * Lists all locks of everybody. Who is granted while it lists may be in neither list, or in
   * both. Rejects with a {@link LockError} where more than 300,000 wait for one lock, and with
   * the reason of the signal.
   */
  query(options?: QuestionOptions): Promise<LockManagerSnapshot>;

  /** Lists the locks whose names match pattern, a glob in which * does not cross a slash and ** does; all without one. */
  info(pattern?: string, options?: InfoOptions): AsyncGenerator<LockInfo, void, undefined>;

  /**
   * Tells every change on the locks whose names match; without a pattern, on all. It begins
   * when the first is asked for. Where changes may have been missed it says so: by the event
   * "watching" on each new connection, and by "lagged" where the consumer was too slow. It
   * ends with break, with the reason of the signal, or with the client.
   */
  watch(pattern?: string, options?: { signal?: AbortSignal | undefined }): AsyncGenerator<Change, void, undefined>;

  /** Tells who is in the way of the first that waits for a lock, or of a request: who that waits for, and so on. */
  why(what: string | { request: string }, options?: QuestionOptions): Promise<Step[]>;

  /**
   * Ends the request of that id, of anyone, and tells its client the message. A signal ends the
   * wait for the answer; the request may be ended nevertheless.
   */
  evict(request: string, message?: string, options?: QuestionOptions): Promise<void>;

  /** The name that the broker gave the connection, which is the clientId of its locks; "" while there is none. */
  readonly session: string;
  /**
   * Why the broker grants nothing to anyone at the moment, in a word of the protocol; undefined
   * while it grants, or there is no connection. It is not older than a heartbeat, 5 s.
   */
  readonly notGranting: NotGranting | undefined;
  /** Fulfilled with the reason when the client has ended for good. */
  readonly closed: Promise<unknown>;
  /** Ends the client. Who holds locks loses them, and is told first. */
  close(): Promise<void>;
}

/** "grace": clients of its last run may still hold locks; "no_tokens": its disk fails; "draining": it is stopping. */
export type NotGranting = "grace" | "no_tokens" | "draining";

export interface RequestOptions {
  /** Default: "exclusive". */
  mode?: LockMode | undefined;
  /**
   * Do not wait: where the lock is not free the callback gets null. Where no holder objects, but
   * the broker grants nothing to anyone, it is a {@link LockError} with the code not_granting.
   */
  ifAvailable?: boolean | undefined;
  /** Take the locks from who holds them, whose promises are rejected with an AbortError. */
  steal?: boolean | undefined;
  /** Gives up waiting. */
  signal?: AbortSignal | undefined;
  /** Who asks, for people to read. */
  author?: string | undefined;
  /**
   * Further locks, held together with the first: all or none. A name alone has the mode and the
   * limit of the first. Repeats are one, which is exclusive if one of them is, else as the last says.
   */
  names?: Iterable<string | LockSpec> | undefined;
  /** With mode shared: at most so many hold the lock at once, this one counted. */
  limit?: number | undefined;
  /** Milliseconds after which to give up, with a {@link WaitError}; 0: do not wait. Default: for ever. */
  wait?: number | undefined;
  /** Milliseconds after which the lock is lost. Default: never. */
  hold?: number | undefined;
  /**
   * The innermost lock inside which this one is asked for, or the id of one that another program
   * holds. With it a deadlock is found, and refused with a {@link DeadlockError}; without it nobody
   * can tell that one request waits for the other. Requests with the same parent run side by side.
   */
  parent?: Lock | string | undefined;
}

export interface LockSpec {
  name: string;
  /** Default: "exclusive". */
  mode?: LockMode | undefined;
  limit?: number | undefined;
}

export interface Lock {
  readonly name: string;
  /** All of its names, the first included. */
  readonly names: readonly string[];
  readonly mode: LockMode;
  /** The fencing token: greater than that of every grant before. */
  readonly token: number;
  /** Names the request in listings. */
  readonly id: string;
  /**
   * Aborted when the lock is lost, with the reason; not when it is released. Each time that it is
   * read the clocks are looked at: lock.signal.throwIfAborted() is right also after the process
   * was frozen.
   */
  readonly signal: AbortSignal;
}

export interface HeldLock extends Lock, AsyncDisposal {
  /** Gives the lock back. Fulfilled when the broker has confirmed it, rejected where it was not held until then. */
  release(): Promise<void>;
}

export interface LockManagerSnapshot {
  held: { name: string; mode: LockMode; clientId: string }[];
  pending: { name: string; mode: LockMode; clientId: string }[];
}

export interface QuestionOptions {
  /** Gives up waiting for the answer. */
  signal?: AbortSignal | undefined;
}

export interface InfoOptions extends QuestionOptions {
  /** List also locks that were used and are free now. */
  empty?: boolean | undefined;
  /** List so many holders, and so many waiters, of each lock, 1 to 10,000. Default: 100. */
  queue?: number | undefined;
  /** Ask for so many locks at a time, 1 to 1000. Default: 1000. */
  max?: number | undefined;
}

/** A lock in a listing, as the protocol has it. The lists may be cut; the numbers are exact. */
export interface LockInfo {
  name: string;
  seq: number;
  holders: RequestInfo[];
  waiters: RequestInfo[];
  holding: number;
  waiting: number;
  grants: number;
  /** There where that list was cut. */
  holders_next?: number;
  waiters_next?: number;
}

/** A request in a listing, as the protocol has it. */
export interface RequestInfo {
  id: string;
  author?: string;
  mode: LockMode;
  limit?: number;
  /** Absent while it waits. */
  token?: number;
  locks: string[];
  parent?: string;
  duration_ms: number;
  client?: string;
  remote?: string;
  identity?: string;
  gone?: boolean;
}

/** What {@link LockManager.watch} tells: that changes may have been missed, or what happened to a request on a lock. */
export type Change =
  | { event: "watching" }
  | { event: "lagged" }
  | {
      event: "queued" | "granted" | "released" | "cancelled" | "timeout" | "evicted" | "shutting_down" | "gone";
      lock: string;
      request: RequestInfo;
      reason?: never;
      by?: string;
      message?: string;
    }
  | {
      event: "lost";
      lock: string;
      request: RequestInfo;
      reason: "expired" | "stolen" | "evicted";
      by?: string;
      message?: string;
    };

/** The request waits for lock because of blocker. */
export interface Step {
  request: RequestInfo;
  lock: string;
  blocker: RequestInfo;
}

export type ErrorCode =
  | "bad_request" | "bad_id" | "not_held" | "not_found" | "unavailable" | "not_granting" | "timeout"
  | "deadlock" | "evicted" | "forbidden" | "too_many" | "shutting_down";

/** A refusal by the broker. */
export class LockError extends Error {
  protected constructor();
  readonly code: ErrorCode;
  /** Whether the same may succeed when it is tried again. */
  readonly retry: "never" | "later" | "reconnect";
  /** Who did it, with the code evicted. */
  readonly by?: string | undefined;
  readonly holders: RequestInfo[];
  readonly ahead: number;
}

/** Waiting could never end: release what you hold, then try again. */
export class DeadlockError extends LockError {
  private constructor();
  /** Who waits for whom. */
  readonly cycle: Step[];
}

/** There is no connection to the broker. */
export class ConnectionError extends Error {
  private constructor();
  /** The code with which it was closed. */
  readonly code?: number | undefined;
  /** The HTTP status with which it was refused, where the WebSocket tells it. */
  readonly status?: number | undefined;
}

/** A lock is held no more although it was not released. */
export class LostError extends Error {
  private constructor();
  readonly reason: "connection" | "lease" | "frozen" | "closed" | "expired" | "evicted";
  /** Who did it, with evicted. */
  readonly by?: string | undefined;
}

/** A wait has passed: a DOMException named TimeoutError. */
export interface WaitError extends DOMException {
  readonly name: "TimeoutError";
  /** Some of those who have the locks, at most 8. */
  readonly holders: RequestInfo[];
  /** How many wait earlier; 1000 means 1000 or more. */
  readonly ahead: number;
}

/** What a holder gets whose lock was stolen: a DOMException named AbortError. */
export interface StolenError extends DOMException {
  readonly name: "AbortError";
  readonly reason: "stolen";
  readonly by?: string | undefined;
}

export {}; // what is not exported by name is not exported
