/**
 * Connects to the broker at url, for example ws://127.0.0.1:27002. The schemes http and https stand for
 * ws and wss. If the path of url is empty or ends with a slash, ws is added: https://host/locks/ stands for
 * wss://host/locks/ws. Any other path is used as it is. Further query parameters are sent to the broker. A user,
 * a password and a fragment are refused, because no WebSocket sends them.
 *
 * There may be several brokers, of which one grants: pass a list of URLs, or one string with commas between them. Each
 * attempt to connect goes to the next URL, and the first one to that which last worked.
 *
 * The promise resolves once a broker has said hello. It rejects with a {@link ConnectionError} if the
 * connection to each URL fails, or if no hello arrives for 10 s, unless waitForBroker is set. It rejects with a
 * TypeError if an argument is malformed. In a frame that has been removed from its page, this function and all methods
 * reject with an InvalidStateError.
 */
export function connect(url: string | URL | readonly (string | URL)[], options?: ConnectOptions): Promise<LockManager>;

export interface ConnectOptions {
  /** The constructor of WebSockets. Default: the global one, which Node has from version 22 on. */
  WebSocket?: WebSocketConstructor | undefined;
  /** The author of requests that name none. Default: none. */
  author?: string | undefined;
  /**
   * Tells readers of a listing which program this is, in at most 256 bytes. Default: the host of the
   * page, or the program and its process id, if the platform has such things.
   */
  label?: string | undefined;
  /**
   * Retry until a broker says hello, as after a disconnect. The promise still rejects if the broker refuses
   * the client for good. Only the package ws reports such a refusal. Default: false.
   */
  waitForBroker?: boolean | undefined;
  /**
   * Keep the locks when the connection breaks. The broker keeps the session for the session timeout, 15 s by default,
   * after the last sign of life. The client reconnects at once, and takes the session up. Locks stay held, and requests
   * keep their places in the queues. If the lease ends before that, the locks are lost. The client also gives up a
   * connection on which the broker sends nothing for a sixth of the session timeout after a ping.
   *
   * The price: if this program is killed, or its machine fails, its locks are free only after the session timeout.
   * Without this option they are usually free at once. After {@link LockManager.close} they are free at once in any
   * case, unless there is no connection at that time.
   *
   * Without this option, a session is taken up only if the broker says that it moves, as in a planned restart or a
   * hand-over to another broker. That has no price. Default: false.
   */
  resume?: boolean | undefined;
  /**
   * Ends the attempts to connect. The promise then rejects with the {@link ConnectionError} of the last
   * attempt, whose cause is the reason of the signal. If the signal is aborted already, the promise rejects with
   * its reason. Once the promise has resolved, the signal means nothing.
   */
  signal?: AbortSignal | undefined;
  /**
   * Returns a token that says who this program is: printable ASCII without spaces, at most 12 KiB. The client asks for
   * one before each attempt to connect, and again in time before the credential expires. It sends the token as a
   * subprotocol, because pages cannot set headers, and renews it on the connection. Over a plain ws URL anyone on the way
   * can read it. An error, or no answer for 10 s, fails the attempt to connect, or the renewal. Default: no token.
   */
  token?: (() => string | Promise<string>) | undefined;
  /** The clocks and timers to use, for tests. Default: those of globalThis. */
  clock?: Clock | undefined;
}

/**
 * Any WebSocket constructor. Those of browsers, of Node and of the package ws all work. With a token, protocol is an array
 * of two strings, and otherwise a string.
 */
export type WebSocketConstructor = new (url: string, protocol: string & string[]) => object;

/** The part of globalThis that the client uses for time and for random pauses. Times are in milliseconds. */
export interface Clock {
  performance: { now(): number };
  Date: { now(): number };
  Math: { random(): number };
  setTimeout(f: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

/**
 * The method that await using calls, if the program's lib has Symbol.asyncDispose
 * (esnext.disposable, or the types of Node). Otherwise it is empty. A reference to that lib would
 * declare its names to every program, even on platforms that lack them.
 */
type AsyncDisposal = SymbolConstructor extends { readonly asyncDispose: infer S extends symbol }
  ? { [dispose in S]: () => Promise<void> }
  : {};

/** A lock is held by one exclusive holder, or by any number of shared ones up to their limit. */
export type LockMode = "exclusive" | "shared";

/**
 * A client of the broker. It has the methods of navigator.locks, for locks across machines, and some more.
 *
 * Methods that return a promise never throw. They reject with a {@link LockError} if the broker refuses,
 * with a {@link ConnectionError} if the connection ends before the answer, with a TypeError if an argument
 * is malformed, with a RangeError if a message is too big for the broker, with the reason of a signal that
 * is aborted, and with an InvalidStateError after {@link LockManager.close}. While there is no connection
 * they wait for the next one. Requests that must not wait (ifAvailable, steal, wait: 0) reject instead.
 *
 * It is also an EventTarget, which says when the connection ends and when the next one begins. Show no listing as
 * current in between: nobody knows who holds.
 */
export interface LockManager extends EventTarget, AsyncDisposal {
  /**
   * Calls listener for each of these events. The latest event says what is true now, and so does session. An error
   * that a listener throws does not reach the client. A page gets it as the event error, and Node as
   * uncaughtException, which ends the program by default.
   */
  addEventListener<T extends keyof LockManagerEvents>(
    type: T, listener: (event: LockManagerEvents[T]) => void, options?: Parameters<EventTarget["addEventListener"]>[2],
  ): void;
  addEventListener(...args: Parameters<EventTarget["addEventListener"]>): void;
  removeEventListener<T extends keyof LockManagerEvents>(
    type: T, listener: (event: LockManagerEvents[T]) => void, options?: Parameters<EventTarget["removeEventListener"]>[2],
  ): void;
  removeEventListener(...args: Parameters<EventTarget["removeEventListener"]>): void;

  /**
   * Calls callback once the lock is held, and releases the lock when the result of callback is
   * settled. The promise is settled like that result, after the broker has answered the release, or with
   * release: "async" after it was sent. If the lock is lost first, the promise rejects with a {@link LostError}
   * or a {@link StolenError}, and the callback runs on. Everything else is as in Web Locks.
   */
  request<T>(name: string, callback: (lock: Lock) => T): Promise<Awaited<T>>;
  request<T>(name: string, options: RequestOptions & { ifAvailable?: false | undefined }, callback: (lock: Lock) => T): Promise<Awaited<T>>;
  request<T>(name: string, options: RequestOptions, callback: (lock: Lock | null) => T): Promise<Awaited<T>>;

  /**
   * Acquires a lock that is held until {@link HeldLock.release}: await using lock = await
   * locks.acquire(name). It rejects as request does. After it has resolved, only the lock's signal
   * reports a loss.
   */
  acquire(name: string, options?: RequestOptions & { ifAvailable?: false | undefined }): Promise<HeldLock>;
  acquire(name: string, options: RequestOptions): Promise<HeldLock | null>;

  /**
   * Lists the holders and waiters of all locks, of all clients. A request that is granted meanwhile may be in
   * neither list, or in both. It rejects with a {@link LockError} with the code too_many if more than 300,000
   * requests wait for one lock.
   */
  query(options?: QuestionOptions): Promise<LockManagerSnapshot>;

  /**
   * Yields the locks whose names match pattern, with their holders and waiters. A pattern is a glob: * and ?
   * do not match a slash, and ** does. Default: all locks.
   */
  info(pattern?: string, options?: InfoOptions): AsyncGenerator<LockInfo, void, undefined>;

  /**
   * Yields every change on the locks whose names match pattern, a glob as for info. Default: all
   * locks. The watch begins with the first call of next. It yields the event "watching" first on
   * each connection, and "lagged" after it has dropped changes because the consumer was too slow.
   * Before either event, changes may have been missed. The watch ends at a break, when the signal
   * is aborted, when the broker refuses it, or when the client ends.
   */
  watch(pattern?: string, options?: { signal?: AbortSignal | undefined }): AsyncGenerator<Change, void, undefined>;

  /**
   * Returns who blocks the first waiter of a lock, or a request with this id; then who blocks that blocker,
   * and so on. The list is empty if nothing blocks it. It rejects with a {@link LockError} with the code
   * not_found if there is no such request.
   */
  why(what: string | { request: string }, options?: QuestionOptions): Promise<Step[]>;

  /**
   * Ends the request with this id, of any client, and shows message to that client. It rejects with
   * a {@link LockError} with the code not_found if there is no such request. An aborted signal only
   * stops the wait for the answer: the request may still be evicted.
   */
  evict(request: string, message?: string, options?: QuestionOptions): Promise<void>;

  /** Says who this client is to the broker, and what it may do. */
  whoami(options?: QuestionOptions): Promise<Principal>;

  /**
   * The broker's name for the session: the clientId in {@link LockManager.query}. It is "" while there is no connection.
   * The next connection has another name, unless it has taken up the session.
   */
  readonly session: string;
  /**
   * Why the broker grants nothing to anyone. It is undefined while the broker grants, and while there is no
   * connection. It may be one heartbeat old, by default 5 s.
   */
  readonly notGranting: NotGranting | undefined;
  /**
   * The broker that serves this client, if it is one of several. It is undefined if the broker is alone, and while
   * there is no connection.
   */
  readonly owner: Owner | undefined;
  /** Resolves to the error that says why the client has ended for good. It never rejects. */
  readonly closed: Promise<unknown>;
  /**
   * Ends the client. Its holders lose their locks, and learn of it before the broker does. The
   * promise resolves when the broker has answered, or after 2 s.
   */
  close(): Promise<void>;
}

/** The events of a {@link LockManager}. */
export interface LockManagerEvents {
  /**
   * The client has reconnected. It has taken up its session, or has resubmitted the requests that wait. There is no such
   * event for the first connection, which connect waits for.
   */
  connected: Event;
  /**
   * The connection has ended, and the holders whose locks are lost have been told. The client reconnects by itself,
   * unless {@link LockManager.closed} resolves. An attempt to reconnect that fails causes no event. Locks may stay held
   * until the session is taken up: see resume in {@link ConnectOptions}.
   */
  disconnected: DisconnectedEvent;
  /**
   * The credential could not be renewed: token has failed, or the broker has refused the new token. The connection goes
   * on until the old credential expires, and the client tries again.
   */
  renewalfailed: RenewalFailedEvent;
  /**
   * A lock with release: "async" was lost before the broker handled its release, or the session has ended before the
   * broker confirmed the release.
   */
  lateloss: LateLossEvent;
}

/** Says why a credential could not be renewed. */
export interface RenewalFailedEvent extends Event {
  /** A {@link LockError} of the broker, or the error of token. */
  readonly error: Error;
}

/** Says that a lock was lost after its release was sent, and why. */
export interface LateLossEvent extends Event {
  /** A {@link LostError} or a {@link StolenError}, unless the broker breaks the protocol. */
  readonly error: Error;
}

/** The owner: of several brokers with one record, the one that grants locks. */
export interface Owner {
  /** Where clients and other brokers reach it, also if this client is connected to a standby that passes it on. */
  readonly url: string;
  /** The number of its term. It rises with each owner. */
  readonly term: number;
}

/** Who a client is to the broker, with the field names of the protocol. */
export interface Principal {
  /** Absent if the broker asks for no credentials. */
  identity?: string;
  groups?: string[];
  /** Milliseconds until the credential expires. Absent: it does not. */
  expires_ms?: number;
  /** What the client may do. */
  permissions: Permission[];
  /** True if there are more permissions than the broker lists. */
  more?: boolean;
}

/** Allows the verbs on the locks whose names match one of the globs. */
export interface Permission {
  allow: ("acquire" | "shared" | "list" | "steal" | "evict" | "clients" | "metrics")[];
  locks: string[];
}

/** Says why a connection has ended. */
export interface DisconnectedEvent extends Event {
  /** A {@link ConnectionError}, or an InvalidStateError if the client was closed. */
  readonly error: Error;
}

/**
 * Why the broker grants nothing. "grace": clients of its last run may still hold locks. "no_tokens": its disk
 * fails, so it has no fencing tokens. "draining": it is stopping.
 */
export type NotGranting = "grace" | "no_tokens" | "draining";

export interface RequestOptions {
  /** Default: "exclusive". */
  mode?: LockMode | undefined;
  /**
   * Do not wait: if the lock is not free, the callback gets null. If no holder is in the way, but the broker
   * grants nothing to anyone, the promise rejects with a {@link LockError} with the code not_granting.
   * Default: false.
   */
  ifAvailable?: boolean | undefined;
  /**
   * Take the locks from their holders, whose promises reject with a {@link StolenError}. Only exclusive locks
   * can be stolen. Default: false.
   */
  steal?: boolean | undefined;
  /**
   * Cancels the request while it waits. As in Web Locks, the promise then rejects with the reason of the signal
   * itself, which says nothing about the lock. To learn who holds it, use wait.
   */
  signal?: AbortSignal | undefined;
  /** Tells readers of a listing who makes the request. Default: the author of the client. */
  author?: string | undefined;
  /**
   * Further locks, which are granted together with the first or not at all. A name alone has the
   * mode and the limit of the first lock. If a name is repeated, the lock is exclusive if any of
   * the repeats is. Otherwise the least of their limits counts.
   */
  names?: Iterable<string | LockSpec> | undefined;
  /** With mode shared: the most holders that the lock may have, this one included, 1 to 1,000,000. Default: no limit. */
  limit?: number | undefined;
  /**
   * Milliseconds after which the request times out, and the promise rejects with a {@link WaitError}: 0 to
   * 365 days. 0: do not wait. Default: wait for ever.
   */
  wait?: number | undefined;
  /** Milliseconds after which the lock expires, and is lost: 1 ms to 330 days. Default: never. */
  hold?: number | undefined;
  /**
   * "async": do not wait until the broker has confirmed the release. The promise of the request is settled, and
   * {@link HeldLock.release} resolves, as soon as the message is sent. The lease and hold are checked first, so the lock
   * was held until then, as far as this client can know. What the client asks for later is handled after the release.
   *
   * The lock may have been stolen, or its holder evicted, just before. Or the session ends before the broker has
   * confirmed the release. Then the event {@link LockManagerEvents.lateloss} reports it. A reply about a later request
   * confirms the release, or at the latest the next heartbeat. {@link LockManager.close} does not wait for that, so a
   * loss that it has not heard of by then is not reported. A late loss also aborts the lock's signal.
   *
   * It is right where programs only take turns. It is wrong if somebody learns in another way than through the lock
   * that the lock is free, or that the work under it was done alone. Default: "confirmed".
   */
  release?: "confirmed" | "async" | undefined;
  /**
   * The innermost lock inside which this request is made, or the id of a lock that another program holds.
   * The broker finds deadlocks only among requests that name their parents, and refuses them with a
   * {@link DeadlockError}. So it refuses a request for a lock that its parent holds. Without a parent such a request
   * waits for its own caller. Requests with the same parent count as running side by side. Default: none.
   */
  parent?: Lock | string | undefined;
}

export interface LockSpec {
  name: string;
  /** Default: "exclusive". */
  mode?: LockMode | undefined;
  /** As in {@link RequestOptions}. */
  limit?: number | undefined;
}

/** A lock that is held, or was. Its properties do not change, except for its signal. */
export interface Lock {
  readonly name: string;
  /** The names of all locks of the request. The first is name. */
  readonly names: readonly string[];
  readonly mode: LockMode;
  /** The fencing token. It is greater than that of every grant before. */
  readonly token: number;
  /** The id of the request, in listings and for {@link LockManager.evict}. */
  readonly id: string;
  /**
   * Aborted when the lock is lost, with a {@link LostError} or a {@link StolenError} as its reason. A release
   * does not abort it. Each read of this property compares the clocks. So lock.signal.throwIfAborted() is right
   * even just after the process was frozen.
   */
  readonly signal: AbortSignal;
}

export interface HeldLock extends Lock, AsyncDisposal {
  /**
   * Releases the lock. The promise resolves when the broker has confirmed the release, or with release: "async" once
   * it is sent. It rejects with a {@link LostError} or a {@link StolenError} if the lock was lost before. Further calls
   * return the same promise. While there is no connection, it waits until the session has been taken up, which confirms
   * the release. If the lock was stolen or evicted since the connection broke, it resolves all the same.
   */
  release(): Promise<void>;
}

/** The result of {@link LockManager.query}, as in Web Locks. A clientId is the session of a connection. */
export interface LockManagerSnapshot {
  held: { name: string; mode: LockMode; clientId: string }[];
  pending: { name: string; mode: LockMode; clientId: string }[];
}

export interface QuestionOptions {
  /** Stops the wait for the answer. */
  signal?: AbortSignal | undefined;
}

export interface InfoOptions extends QuestionOptions {
  /** Also list locks that were used and are free now. Default: false. */
  empty?: boolean | undefined;
  /** The most holders, and the most waiters, to list of each lock, 1 to 10,000. Default: 100. */
  queue?: number | undefined;
  /** The most locks to ask for at a time, 1 to 1000. Default: 1000. */
  max?: number | undefined;
  /**
   * List all holders and waiters: yield a lock whose lists were cut off again and again, each time with the next
   * part of its lists, until both are complete. Default: false.
   */
  whole?: boolean | undefined;
}

/**
 * A lock in a listing, with the field names of the protocol. The lists may be cut off, but holding
 * and waiting are the full counts. grants counts the grants since the name came into use. seq
 * numbers the names by when they came into use.
 */
export interface LockInfo {
  name: string;
  seq: number;
  holders: RequestInfo[];
  waiters: RequestInfo[];
  holding: number;
  waiting: number;
  grants: number;
  /** Present if holders was cut. */
  holders_next?: number;
  /** Present if waiters was cut. */
  waiters_next?: number;
}

/** A request in a listing, with the field names of the protocol. */
export interface RequestInfo {
  id: string;
  author?: string;
  mode: LockMode;
  limit?: number;
  /** Absent while the request waits. */
  token?: number;
  /** The names of all its locks. */
  locks: string[];
  /** The id of the nearest request around it. */
  parent?: string;
  /** Milliseconds for which it has been waiting, or holding. */
  duration_ms: number;
  /** The label of its connection. */
  client?: string;
  /** The address of its client. */
  remote?: string;
  /** Present if the broker asks for credentials. */
  identity?: string;
  /** True if its connection has ended, and the broker has not released its locks yet. */
  gone?: boolean;
  /** True if this client may not list all locks of the request. If it may list none, no other field is present. */
  hidden?: boolean;
}

/**
 * What {@link LockManager.watch} yields. The events "watching" and "lagged" say that changes may have been missed.
 * The others say what happened to a request on a lock.
 */
export type Change =
  | { event: "watching" }
  | { event: "lagged" }
  | {
      event: "queued" | "granted" | "released" | "cancelled" | "timeout" | "evicted" | "forbidden" | "shutting_down" | "gone";
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

/** Says that request waits for lock because of blocker. */
export interface Step {
  request: RequestInfo;
  /** Absent if this client may not list the lock. */
  lock: string;
  blocker: RequestInfo;
  /** The other holders of the lock, at most 7. Present if the blocker is not its only holder. */
  others?: RequestInfo[];
  /** How many requests hold the lock. Present if the blocker is not its only holder. */
  holding?: number;
}

/** The error codes of the protocol. */
export type ErrorCode =
  | "bad_request" | "bad_id" | "not_held" | "not_found" | "unavailable" | "not_granting" | "timeout"
  | "deadlock" | "evicted" | "forbidden" | "too_many" | "shutting_down";

/** A refusal by the broker. Decide by its code: the wording of its message may change. */
export class LockError extends Error {
  protected constructor();
  readonly code: ErrorCode;
  /**
   * Whether the same request may succeed later: on the same connection ("later"), on a new one
   * ("reconnect"), or not until something is changed ("never").
   */
  readonly retry: "never" | "later" | "reconnect";
  /** Who evicted the request. Present with the code evicted. */
  readonly by?: string | undefined;
  /** Some of the holders that are in the way, at most 8. */
  readonly holders: RequestInfo[];
  /** How many requests wait earlier. 1000 means 1000 or more. */
  readonly ahead: number;
}

/** Refuses a request that could never be granted. Release what you hold, then try again. */
export class DeadlockError extends LockError {
  private constructor();
  /** Who waits for whom, from the refused request back to it. */
  readonly cycle: Step[];
}

/**
 * Says that there is no connection to the broker, and why. The message names the URL without its query. A browser
 * and Node's own WebSocket do not say why they cannot connect. The package ws does, and its error is the cause.
 */
export class ConnectionError extends Error {
  private constructor();
  /** The code with which the connection was closed. */
  readonly code?: number | undefined;
  /** The HTTP status of the refusal. Only the WebSocket of the package ws reports it. */
  readonly status?: number | undefined;
}

/** Says that a lock is no longer held although it was not released. */
export class LostError extends Error {
  private constructor();
  /**
   * "connection": the connection has ended, and the lock could not be kept. "lease": the broker did not answer before the lease
   * ended. "frozen": the page was frozen, or put into the back/forward cache. "closed": the client
   * was closed. "expired": its hold has passed. "evicted": an operator has ended the request.
   */
  readonly reason: "connection" | "lease" | "frozen" | "closed" | "expired" | "evicted";
  /** Who evicted the request. Present with the reason evicted. */
  readonly by?: string | undefined;
  /** The names, the id and the fencing token of the {@link Lock} that was lost. */
  readonly names: readonly string[];
  readonly id: string;
  readonly token: number;
}

/** Says that the wait of a request has passed: a DOMException with the name TimeoutError. */
export interface WaitError extends DOMException {
  readonly name: "TimeoutError";
  /** Some of the holders that are in the way, at most 8. */
  readonly holders: RequestInfo[];
  /** How many requests wait earlier. 1000 means 1000 or more. */
  readonly ahead: number;
}

/** Tells a holder that its lock was stolen: a DOMException with the name AbortError. */
export interface StolenError extends DOMException {
  readonly name: "AbortError";
  readonly reason: "stolen";
  /** Who stole the lock. */
  readonly by?: string | undefined;
  /** As in {@link LostError}. */
  readonly names: readonly string[];
  readonly id: string;
  readonly token: number;
}

export {}; // without this, names that are not exported would be exported too
