/*!
 * The JavaScript client of the lock broker, https://github.com/lockbroker/lockbroker
 * Copyright (c) 2026 The lockbroker authors, MIT License
 *
 * index.d.ts documents it. go generate makes this file from wsclient/js/client.js and the modules that
 * it imports. Their comments explain the code. The broker serves those modules too, for reading. Import
 * only this file: each module has its own copies of the classes.
 * clock.js codes.js connection.js dial.js errors.js info.js lease.js lock.js manager.js names.js options.js request.js resume.js retry.js settle.js signal.js states.js supervisor.js token.js watch.js
 */
var codes = {
never: "bad_request bad_id not_held not_found evicted forbidden 1000 1002 1003 1009 400 401 403 405 426",
later: "unavailable not_granting timeout deadlock too_many 429 503",
reconnect: "shutting_down 1006 1008 1012 4401 4403"
};
var retryOf = (code) => Object.keys(codes).find((retry) => codes[retry].split(" ").includes(`${code}`));
var LockError = class extends Error {
name = "LockError";
};
var DeadlockError = class extends LockError {
name = "DeadlockError";
};
var ConnectionError = class extends Error {
name = "ConnectionError";
};
var LostError = class extends Error {
name = "LostError";
};
var refusal = ({ code, message, by, cycle, holders = [], ahead = 0 }, names, session) => {
const describe = ({ id, author, client = "", duration_ms }) => {
if (!id) return "a hidden request";
const who = id.startsWith(session) ? "this client" : quote(author ?? client);
return `${who} (${id}) for ${duration_ms / 1e3} s`;
};
let text = (names ? `${toSubject(names)}: ` : "") + blame(code, by, message);
if (holders[0]) text += `; held by ${holders.map(describe).join(", ")}`;
if (ahead) text += `; ${ahead} ahead`;
return withDetails(
code === "timeout" ? exception("TimeoutError", text) : withDetails(new (cycle ? DeadlockError : LockError)(text), { code, retry: retryOf(code), by, cycle }),
{ holders, ahead }
);
};
var loss = (names, id, token, reason, cause, { by, message } = {}) => {
const how = reason === "expired" ? "its hold has passed" : reason;
const why = cause ? cause.message : blame(how, by, message);
const text = `${toSubject(names)} (${id}, token ${token}) was lost: ${why}`;
return withDetails(
reason === "stolen" ? exception("AbortError", text) : new LostError(text, cause && { cause }),
{ names, id, token, reason, by }
);
};
var noConnection = (url, isOver, why, cause, details) => {
const [where] = url.split("?");
const text = isOver ? `connection to ${where} has ended` : `cannot connect to ${where}`;
return withDetails(new ConnectionError(text + (why && `: ${why}`), cause && { cause }), details);
};
var quote = JSON.stringify;
var toSubject = (names) => `lock ${quote(names).slice(1, -1)}`;
var blame = (what, by, message) => what + (by ? ` by ${quote(by)}` : "") + (message ? `: ${message}` : "");
var withDetails = Object.assign;
var { DOMException } = globalThis;
var exception = (name, message) => new DOMException(message, name);
var invalidState = (message) => exception("InvalidStateError", message);
var requests = /* @__PURE__ */ new WeakMap();
var requestOf = (lock) => requests.get(lock);
var Lock = class {
constructor(request) {
requests.set(this, request);
Object.freeze(withDetails(this, request.granted));
}
get signal() {
return requestOf(this).signal();
}
};
var disposal = Symbol.asyncDispose ?? /* @__PURE__ */ Symbol.for("Symbol.asyncDispose");
var HeldLock = class extends Lock {
release() {
return requestOf(this).release();
}
[disposal]() {
return this.release();
}
};
var expect = (ok, wanted) => {
if (!ok) throw new TypeError(`want ${wanted}`);
};
var forbid = (found, what) => {
if (found) throw exception("NotSupportedError", `not supported: ${what}`);
};
var toDOMString = (value) => `${value}`;
var toText = (value) => {
const text = value === void 0 ? value : toDOMString(value);
expect(!text || text.isWellFormed(), "well-formed text");
return text;
};
var ranges = {
hold: [1, 330 * 864e5],
limit: [1, 1e6],
max: [1, 1e4],
queue: [1, 1e4],
wait: [0, 365 * 864e5]
};
var toNumber = (options, name) => {
const value = options[name];
if (value !== void 0) {
const [least, most] = ranges[name];
expect(typeof value === "number" && value >= least && value <= most, `${name}: a number, ${least} to ${most}`);
return Math.ceil(value);
}
};
var toWord = (options, name, usual, other) => {
const { [name]: value = usual } = options;
const word = toDOMString(value);
expect(word === usual || word === other, `${name}: ${usual} or ${other}`);
return word;
};
var toMode = (options) => toWord(options, "mode", "exclusive", "shared");
var toNames = (value = []) => {
expect(typeof value !== "string", "names: a list");
return [...value].map(toSpec);
};
var toSpec = (value) => {
if (Object(value) !== value) return { name: toDOMString(value) };
return { limit: toNumber(value, "limit"), mode: toMode(value), name: toDOMString(value.name) };
};
var mostHolders = ({ mode, limit = Infinity }) => mode === "exclusive" ? 0 : limit;
var toSpecs = (first, more) => {
const specs = /* @__PURE__ */ new Map();
for (const spec of [first, ...more]) {
const { name } = spec;
forbid(name[0] === "-", "a name that begins with -");
const whole = { ...first, ...spec };
const known2 = specs.get(name);
if (!known2 || mostHolders(whole) < mostHolders(known2)) specs.set(name, whole);
}
return [...specs.values()];
};
var toParent = (value) => {
expect(value === void 0 || requestOf(value) || /^\w+--\d+$/.test(value), "parent: a lock or its id");
return value;
};
var toSignal = (value) => {
if (value !== void 0) Reflect.get(AbortSignal.prototype, "aborted", value);
return value;
};
var onAbort = (signal, f) => {
signal?.throwIfAborted();
signal?.addEventListener("abort", f);
return () => signal?.removeEventListener("abort", f);
};
var settle = (find, run, options) => new Promise((resolve, reject) => {
const client = find();
if (client.error) throw client.error;
const signal = toSignal(options?.signal);
const cleanUpThen = (f) => (value) => {
ignoreSignal();
client.pending.delete(entry);
f(value);
};
const fail = cleanUpThen(reject);
const entry = { end: fail };
const ignoreSignal = onAbort(signal, () => fail(signal.reason));
client.pending.add(entry);
run(client).then(cleanUpThen(resolve), fail);
});
var steps = (client, generator, options) => {
const { next } = generator;
generator.next = () => settle(() => client, () => next.call(generator), options);
return generator;
};
var backoff = (count = 1) => {
const first = 100;
const most = 5e3;
const often = 300;
const settled = 1e4;
let attempts = 0;
return (lasted, random, timeout) => {
if (lasted >= settled) attempts = 0;
const bound = first * 2 ** Math.trunc(attempts++ / count);
return random * (timeout ? Math.min(often, timeout / 12, bound / 2) : Math.min(most, bound));
};
};
var attemptTime = (timeout = Infinity, rounds) => Math.min(Math.max(1e3, timeout / 15) * 2 ** (rounds >> 1), 1e4);
var isFinal = ({ status, code }) => (retryOf(status) ?? (code !== 1e3 && retryOf(code))) === "never";
var isResubmitted = (code) => retryOf(code) === "reconnect";
var since = (at, earlier) => Math.max(at.mono - earlier.mono, at.wall - earlier.wall);
var leaseLeft = (timeout, heard, at) => timeout * 2 / 3 - since(at, heard);
var silenceLeft = (timeout, heard, at) => timeout - (at.mono - heard.mono);
var later = (a, b) => a.mono > b.mono ? a : b;
var backstop = (hold, timeout) => Math.ceil((3 * hold + 2 * timeout) * 11 / 30);
var longest = 2 ** 31 - 1;
var timer = (clock) => {
let current;
return (ms, f) => {
clock.clearTimeout(current);
if (f) current = clock.setTimeout(f, Math.min(Math.ceil(ms), longest));
};
};
var now = (clock) => ({ mono: clock.performance.now(), wall: clock.Date.now() });
var mark = "￿";
var odd = /\uFFFF|[\uD800-\uDFFF]/gu;
var escapeName = (name) => name === "" ? mark : name.replace(odd, (c) => mark + (c === mark ? c : c.charCodeAt(0).toString(16)));
var unescapeName = (text) => {
if (text === mark) return "";
const name = text.replace(/\uFFFF(\uFFFF|....)/g, (_, c) => c === mark ? c : String.fromCharCode(`0x${c}`));
return escapeName(name) === text ? name : text;
};
var bytesOf = (text) => new TextEncoder().encode(text).length;
var parse = (frame) => JSON.parse(frame, /\uFFFF|\\uffff/i.test(frame) && revive);
var revive = (key, value) => typeof value === "string" && /^(name|lock|\d+)$/.test(key) ? unescapeName(value) : value;
var soon = 5e3;
var minRenewal = 1e3;
var toSource = (token, clock) => {
expect(!token || typeof token === "function", "token: a function");
return token && (() => new Promise((resolve, reject) => {
const late = timer(clock);
const settled = (f) => (value) => {
late();
f(value);
};
late(1e4, () => reject(new Error("no answer in time")));
(async () => {
const text = await token();
expect(typeof text === "string" && /^[!-~]{1,12288}$/.test(text), "token: printable ASCII without spaces, at most 12 KiB");
return text;
})().then(settled(resolve), settled(reject));
}));
};
var toProtocols = (token) => {
const base64url = btoa(token).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
return ["lockbroker.v1", `lockbroker.bearer.${base64url}`];
};
var known = /^(granted|released|cancelled|lost|error|info|why|clients|evicted|pong|authenticated|whoami|watching|change|lagged|unwatched|(not_)?resumed)$/;
var noAnswer = "the broker does not answer";
var connect = (client, WebSocket, url, protocols, answerWait, connected, ended2) => {
const closeWait = 2e3;
const { clock, silent } = client;
const made = now(clock);
const open = /* @__PURE__ */ new Map();
const quiet = /* @__PURE__ */ new Map();
const wake = timer(clock);
const watchdog = timer(clock);
const renewal = timer(clock);
const stopped = timer(clock);
const pause = backoff();
let expiry;
let over;
let isLost = false;
let closed;
let heard = made;
let pingDue;
let asked = 0;
let heartbeat;
let timeout = Infinity;
const send = (message, entry) => {
if (over) return;
const frame = JSON.stringify(message);
if (bytesOf(frame) > conn.most) {
open.delete(message.id);
entry.end(new RangeError(`request over ${conn.most} bytes`));
} else {
ws.send(frame);
}
};
const begin = (entry, message) => {
const n = entry.n = conn.next++;
const id = `${conn.session}--${n}`;
open.set(id, entry);
send({ ...message, id }, entry);
return id;
};
const confirm = (n) => {
for (const [id, following] of quiet) {
if (following > n) return;
open.get(id).end();
}
};
const ask = (message) => new Promise((resolve, reject) => {
if (over) throw over;
const receive2 = (m) => {
open.delete(m.id);
if (m.type === "error") reject(refusal(m));
else resolve(m);
};
begin({ receive: receive2, fail: reject, end: reject }, message);
});
const receive = (data) => {
if (checkLease() || over) return;
asked = 0;
try {
if (typeof data !== "string") throw "binary";
const m = parse(data);
if (/hello|pong|info|why/.test(m.type)) conn.notGranting = m.not_granting;
if (!conn.session) greet(m, data);
else if (m.type === "draining") conn.draining = true;
else if (conn.moves = m.type === "moving" && conn.secret) end("connection", failure("the broker moves"), terminate);
else if (!known.test(m.type) || !m.id) throw data;
else (open.get(m.id) ?? client.absent?.open.get(m.id))?.receive(m);
} catch (problem) {
abandon(`the broker sent a bad frame: ${problem}`.slice(0, 200));
}
};
const greet = (m, data) => {
({ heartbeat_ms: heartbeat, limits: { message_bytes: conn.most } } = m);
conn.timeout = timeout = m.timeout_ms;
if (m.type !== "hello" || m.protocol !== 1 || !(timeout > 0 && heartbeat > 0 && conn.most > 0)) throw data;
if (checkLease()) return;
conn.session = m.session;
conn.secret = m.secret;
conn.owner = m.owner && { url: m.owner, term: m.term };
pingDue = made.mono + heartbeat;
arm();
const start = () => {
if (over) return;
conn.isReady = true;
arm();
expect2(m.expires_ms, m.expires_ms < soon ? 0 : m.expires_ms * 2 / 3);
connected(conn);
};
if (client.absent) client.resume.takeUp(client, conn, start);
else start();
};
const expect2 = (left, wait) => {
expiry = now(clock).mono + left;
if (client.token && left >= 0) renewal(wait, renew);
};
const renew = async () => {
try {
const { expires_ms: left } = await ask({ type: "auth", token: await client.token() });
expect2(left, Math.max(left * 2 / 3, minRenewal));
} catch (error) {
if (over) return;
client.emit?.("renewalfailed", { error });
renewal(Math.max((expiry - now(clock).mono) / 10, pause(0, clock.Math.random())), renew);
}
};
const arm = () => {
if (isLost) return;
const at = now(clock);
if (conn.isReady && !over) wake(pingDue - at.mono, ping);
watchdog(leaseLeft(timeout, heard, at), checkLease);
};
const ping = () => {
if (checkLease()) return;
const sent = now(clock);
const isSilent = asked && sent.mono - asked > timeout / 6 - 2 && sent.mono < pingDue + 100;
if (isSilent && conn.secret && client.resume?.mode === "kept") return abandon(noAnswer);
asked ||= sent.mono;
ask({ type: "ping" }).then(() => conn.answered(sent), () => {
});
const [id] = [...quiet.keys()].slice(-1);
if (id) send({ type: "cancel", id });
pingDue = sent.mono + heartbeat;
wake(heartbeat, ping);
};
const checkLease = () => {
if (!isLost && leaseLeft(timeout, heard, now(clock)) < 2) {
if (over) lose("lease");
else end("lease", failure(noAnswer), fallSilent);
}
return isLost;
};
const disconnected = (why, code, cause) => {
if (checkLease()) return;
asked = 0;
const status = Number(/response: (\d+)/.exec(why)?.[1]) || void 0;
const guess = "no broker there, it refuses, TLS fails, or Chrome has 255 WebSockets open";
end("connection", failure(why || (conn.session ? "" : guess), cause, { code, status }), terminate);
};
const abandon = (why) => end("connection", failure(why), fallSilent);
const failure = (why, ...more) => noConnection(url, conn.session, why, ...more);
const end = (reason, error, leave) => {
if (over) return;
over = error;
wake();
renewal();
stopped();
conn.loss = [reason, error];
ended2(error, conn.session ? now(clock).mono - made.mono : 0, () => {
let mustLeave = /closed|frozen/.test(reason);
const isKept = !mustLeave && client.resume?.leave(client, conn, error);
if (!isKept || reason === "lease") mustLeave = lose(reason) || mustLeave;
open.forEach((entry) => entry.fail?.(error, isKept));
if (mustLeave) leave();
else terminate();
}, asked);
};
const lose = (reason) => {
isLost = true;
watchdog();
conn.loss[0] = reason;
const hadLocks = [...open.values()].reverse().filter((entry) => entry.lose?.()).length > 0;
if (hadLocks && reason === "lease") conn.stopBy = heard.mono + timeout * 10 / 11;
return hadLocks || conn.stopBy > now(clock).mono;
};
const fallSilent = () => {
if (client.error) {
terminate();
} else {
wake(silenceLeft(timeout, heard, now(clock)), hangUp);
silent.add(hangUp);
closed = () => silent.delete(hangUp);
}
};
const hangUp = () => {
hasClosed();
terminate();
};
const hasClosed = () => {
wake();
closed?.();
};
const sayGoodbye = () => ws.close(1e3, "goodbye");
const terminate = () => (ws.terminate ?? ws.close).call(ws);
const conn = {
ask,
begin,
checkLease,
confirm,
lose,
open,
quiet,
send,
stopped,
wake,
next: 0,
tried: [],
answered(sent) {
heard = later(sent, heard);
arm();
},
freeze() {
end("frozen", failure("the page was frozen"), sayGoodbye);
},
close: (error) => new Promise((resolve) => {
closed = resolve;
end("closed", error, () => {
wake(closeWait, hangUp);
sayGoodbye();
});
})
};
const ws = new WebSocket(url, protocols);
ws.onmessage = ({ data }) => receive(data);
ws.onclose = ({ code, reason }) => {
hasClosed();
disconnected(reason, code);
};
ws.onerror = ({ message, error }) => {
if (!conn.session) hasClosed();
const why = message || error?.errors?.map((e) => e.message).join(", ");
disconnected(why, 1006, why && error);
};
wake(answerWait, () => abandon(noAnswer));
return conn;
};
var gone = "the page is gone";
var supervise = (urls, author, clock, WebSocket, waitForBroker, signal, token, resume) => {
if (!WebSocket) throw new ConnectionError("no WebSocket: use the package ws, or node --experimental-websocket");
if (globalThis.document?.defaultView === null) throw invalidState(gone);
const pause = backoff(urls.length);
const retry = timer(clock);
let latest;
let willRetry = waitForBroker;
let unauthorized = 0;
let failures = 0;
let before = 0;
let goodbye;
let resolveClosed, resolveOnline;
const client = {
author,
clock,
resume,
token,
closed: new Promise((resolve) => resolveClosed = resolve),
pending: /* @__PURE__ */ new Set(),
silent: /* @__PURE__ */ new Set(),
async close(why = "client was closed") {
end(invalidState(why), "closed");
for (const hangUp of client.silent) hangUp();
return goodbye;
}
};
const expectConnection = () => {
client.online = new Promise((resolve) => resolveOnline = resolve);
};
const connected = (conn) => {
willRetry = true;
unauthorized = 0;
ignoreSignal();
client.conn = conn;
for (const entry of client.pending) entry.submit?.(conn);
resolveOnline(conn);
client.emit?.("connected");
};
const disconnected = (error, lasted, tell, isSilent) => {
const wasOnline = client.conn;
if (wasOnline) expectConnection();
latest = client.conn = null;
client.offline = error;
tell();
if (isSilent || !wasOnline) failures++;
if (wasOnline) {
before = failures;
client.emit?.("disconnected", { error });
}
if (!willRetry && failures >= urls.length || isFinal(error) && !mayHaveExpired(error)) end(error);
if (!client.error) retry(pause(lasted, clock.Math.random(), client.absent?.timeout), attemptConnection);
};
const mayHaveExpired = ({ status }) => token && status === 401 && !unauthorized++;
const url = () => urls[failures % urls.length];
const attemptConnection = () => {
if (latest || client.error) return;
retry();
if (!token) {
open("lockbroker.v1");
return;
}
latest = { close() {
} };
token().then(
(text) => client.error || open(toProtocols(text)),
(cause) => disconnected(noConnection(url(), false, `no token: ${cause?.message ?? cause}`, cause), 0, () => {
})
);
};
const open = (protocols) => {
try {
const wait = attemptTime(client.absent?.timeout, (failures - before) / urls.length);
latest = connect(client, WebSocket, url(), protocols, wait, connected, disconnected);
} catch (cause) {
const why = cause.name === "SecurityError" ? "an https page must use wss: " : "";
end(noConnection(url(), false, why + cause.message, cause));
}
};
const giveUp = () => {
end(withDetails(client.offline ?? noConnection(url(), false, "no answer"), { cause: signal.reason }));
};
const ignoreSignal = onAbort(signal, giveUp);
const wake = ({ type }) => {
if (type !== "online" && document.hidden) return;
(client.conn ?? client.absent)?.checkLease();
attemptConnection();
};
const freeze = ({ type, persisted }) => {
if (type === "freeze" || persisted) {
client.conn?.freeze();
} else {
client.close(gone);
goodbye = void 0;
}
};
const listeners = { online: wake, visibilitychange: wake, pagehide: freeze, freeze };
const listen = (how) => {
for (const type in listeners) globalThis[how]?.(type, listeners[type], true);
};
const end = (error, reason) => {
if (client.error) return;
client.error = error;
retry();
ignoreSignal();
listen("removeEventListener");
resume?.forsake(client, reason);
goodbye = latest?.close(error);
for (const entry of client.pending) entry.end(error);
resolveClosed(error);
};
listen("addEventListener");
expectConnection();
attemptConnection();
return client;
};
var dial = (Manager, url, {
author,
clock = globalThis,
label = defaultLabel(),
signal,
token,
waitForBroker,
WebSocket = globalThis.WebSocket
} = {}, resume) => settle(
() => supervise(
toTargets(url, toText(label), resume),
toText(author),
clock,
WebSocket,
waitForBroker,
toSignal(signal),
toSource(token, clock),
resume
),
async (client) => {
await client.online;
return new Manager(client);
}
);
var toTargets = (url, label, resume) => {
const all = [url].flat().flatMap((text) => toDOMString(text).split(/,\s*(?=\w+:\/\/)/));
expect(all.length, "a URL");
return all.map((text) => toTarget(text, label, resume));
};
var toTarget = (url, label, resume) => {
let target;
try {
target = new URL(toText(url));
target.protocol = target.protocol.replace(/^http/, "ws");
} catch {
}
const isUsable = /^wss?:$/.test(target?.protocol) && !(target.username || target.password || target.hash);
expect(isUsable, "a ws or http URL without a user, a password or a #");
target.hash = "";
if (target.pathname.endsWith("/")) target.pathname += "ws";
const query = target.searchParams;
const mode = resume && !query.has("draining") ? `&resume=${resume.mode}` : "";
const labelled = query.has("client") ? "" : `&client=${encodeURIComponent(label)}`;
target.search += `${target.search && "&"}alive=message${mode}${labelled}`;
return target.href;
};
var defaultLabel = () => {
const { location, process: { argv, pid, title } = {} } = globalThis;
const program = argv?.[1] ?? title;
return (location?.host || [program, pid].filter(Boolean).join(":")).slice(-80);
};
async function* pages(client, question, whole) {
const conn = await client.online;
const ask = (more) => conn.ask({ type: "info", ...question, ...more });
let after;
do {
const { locks, next } = await ask({ after });
yield* locks;
for (let lock of whole ? locks : []) {
while (lock = await nextPart(ask, lock)) yield lock;
}
after = next;
} while (after);
}
var nextPart = async (ask, { seq, holders_next, waiters_next }) => {
if (holders_next >= 0 || waiters_next >= 0) {
return (await ask({ seq, holders_after: holders_next, waiters_after: waiters_next })).locks[0];
}
};
async function* changes(client, match, signal) {
const most = 1e4;
let conn;
let id;
let stream;
let lagged = false;
const push = (change) => {
if (!lagged && stream.desiredSize > 0) stream.enqueue(change);
else lagged = true;
};
const end = (error) => {
if (!client.pending.delete(watch)) return;
if (conn?.open.delete(id)) conn.send({ type: "unwatch", id });
stream.error(error);
};
const watch = {
end,
submit(on) {
conn = on;
id = conn.begin(watch, { type: "watch", match });
},
receive(m) {
if (m.type === "error") end(refusal(m));
else push(m.type === "change" ? m : { event: m.type });
}
};
const source = {
start(controller) {
stream = controller;
},
pull() {
if (lagged) stream.enqueue({ event: "lagged" });
lagged = false;
}
};
const reader = new ReadableStream(source, { highWaterMark: most }).getReader();
const ignoreSignal = onAbort(signal, () => end(signal.reason));
client.pending.add(watch);
if (client.conn) watch.submit(client.conn);
try {
for (; ; ) yield (await reader.read()).value;
} finally {
ignoreSignal();
end();
}
}
var Inspector = class extends EventTarget {
#client;
constructor(client) {
super();
this.#client = client;
client.emit = (type, details) => this.dispatchEvent(withDetails(new Event(type), details));
}
query(options = {}) {
return settle(() => this.#client, async (client) => {
const held = [];
const pending = [];
for await (const { name, holders, waiters } of pages(client, { queue: 1e4 }, true)) {
const toSnapshot = ({ id, mode }) => ({ name, mode, clientId: id.split("--")[0] });
held.push(...holders.map(toSnapshot));
pending.push(...waiters.map(toSnapshot));
}
return { held, pending };
}, options);
}
info(pattern, options = {}) {
const question = {
match: toMatch(pattern),
empty: Boolean(options.empty) || void 0,
max: toNumber(options, "max"),
queue: toNumber(options, "queue")
};
return steps(this.#client, pages(this.#client, question, options.whole), options);
}
watch(pattern, { signal } = {}) {
return steps(this.#client, changes(this.#client, toMatch(pattern), toSignal(signal)));
}
why(what, options) {
return settle(() => this.#client, async (client) => {
const request = toText(what?.request);
const subject = request === void 0 ? { lock: escapeName(toDOMString(what)) } : { request };
return (await (await client.online).ask({ type: "why", ...subject })).chain;
}, options);
}
evict(request, message, options) {
return settle(() => this.#client, async (client) => {
const conn = await client.online;
await conn.ask({ type: "evict", request: toText(request), message: toText(message) });
}, options);
}
whoami(options) {
return settle(() => this.#client, async (client) => {
const { type, id, ...principal } = await (await client.online).ask({ type: "whoami" });
return principal;
}, options);
}
get session() {
return this.#client.conn?.session ?? "";
}
get notGranting() {
return this.#client.conn?.notGranting;
}
get owner() {
return this.#client.conn?.owner;
}
get closed() {
return this.#client.closed;
}
close() {
return this.#client.close();
}
[disposal]() {
return this.close();
}
};
var toMatch = (pattern = "") => pattern === "" ? void 0 : escapeName(toDOMString(pattern));
var waiting = 0;
var holding = 1;
var releasing = 2;
var cancelling = 3;
var ended = 4;
var acquire = (read) => new Promise((resolve, reject) => {
const [client, name, options, callback, use = callback] = read();
const o = options ?? {};
expect(Object(o) === o, "an object of options");
const author = toText(o.author);
const hold = toNumber(o, "hold");
const ifAvailable = Boolean(o.ifAvailable);
const limit = toNumber(o, "limit");
const mode = toMode(o);
const more = toNames(o.names);
const parent = toParent(o.parent);
const quiet = toWord(o, "release", "confirmed", "async") === "async" || void 0;
const signal = toSignal(o.signal);
const steal = Boolean(o.steal);
const wait = toNumber(o, "wait");
expect(typeof callback === "function", "a callback");
const specs = toSpecs({ name, mode, limit }, more);
const names = specs.map((spec) => spec.name);
forbid(steal && (ifAvailable || specs.some((spec) => spec.mode === "shared")), "steal with ifAvailable or shared");
forbid((steal || ifAvailable) && (signal || wait !== void 0), "steal or ifAvailable with signal or wait");
const { clock, pending } = client;
const outer = requestOf(parent);
const once = ifAvailable || steal || wait === 0;
const canMove = !once && !parent;
const deadline = now(clock).mono + wait;
const waitLeft = () => deadline - now(clock).mono;
const wake = timer(clock);
let state = waiting;
let conn;
let id, token;
let error;
let begun;
let controller;
let released;
let failed = reject;
let release;
const holds = () => state === holding;
const send = (type, quiet2) => conn.send({ type, id, quiet: quiet2 });
const sendRelease = () => {
send("release", quiet);
if (quiet) conn.quiet.set(id, conn.next);
};
const holdLeft = () => hold - since(now(clock), begun);
const describe = (timeout) => ({
locks: specs.map(({ name: name2, mode: mode2, limit: limit2 }) => ({
name: escapeName(name2),
mode: mode2 === "shared" ? mode2 : void 0,
limit: limit2
})),
author: author ?? client.author,
wait_ms: token ? void 0 : ifAvailable ? 0 : wait && Math.max(1, Math.ceil(waitLeft())),
hold_ms: hold && backstop(token ? holdLeft() : hold, timeout),
parent: parent?.id ?? parent
});
const waitForConnection = () => {
conn = null;
waitOffline();
};
const waitOffline = () => {
const why = client.conn ? "the broker is stopping" : client.offline.message;
if (waitLeft() >= 1) wake(waitLeft(), waitOffline);
else if (wait) end(toRefusal({ code: "timeout", message: `not granted in time: ${why}` }));
};
const granted = (m) => {
if (!Number.isSafeInteger(m.token) || token && m.token !== token) throw "no token";
({ token } = m);
if (state !== waiting) return;
stopWaiting();
state = holding;
request.granted = { id, token, names, name, mode: specs[0].mode };
begun = now(clock);
controller = new AbortController();
checkHold();
use(request, resolve, reject);
};
const checkHold = () => {
if (!hold || !holds()) return;
const left = holdLeft();
if (left >= 1) {
wake(left, checkHold);
} else {
lost("expired");
send("cancel");
}
};
const refused = (m) => {
const isUnavailable = m.code === "unavailable";
if (state === waiting && canMove && isResubmitted(m.code)) {
conn.open.delete(id);
waitForConnection();
} else if (isUnavailable && ifAvailable) {
end();
use(null, resolve, reject);
} else {
const error2 = toRefusal(isUnavailable && !steal ? { ...m, code: "timeout" } : m);
end(m.code === "not_found" && outer?.error() || error2);
}
};
const toRefusal = (m) => refusal(m, names, conn?.session);
const lost = (...why) => end(loss(names, id, token, ...why));
const end = (why) => {
state = ended;
conn?.open.delete(id);
conn?.quiet.delete(id);
wake();
stopWaiting();
error = why;
if (why) {
controller?.abort(why);
failed(why);
} else {
released?.();
}
};
const ignoreSignal = onAbort(signal, () => {
stopWaiting();
state = cancelling;
if (conn) send("cancel");
else end();
failed(signal.reason);
});
const stopWaiting = () => {
ignoreSignal();
pending.delete(request);
};
const request = {
end,
holds,
error: () => error,
lose() {
const isHeld = holds() || state === releasing;
if (isHeld) lost(...conn.loss);
return isHeld;
},
submit(on) {
if (conn === on) return;
wake();
conn = on;
begun = now(clock);
id = conn.begin(request, { type: "acquire", ...describe(conn.timeout), steal: steal || void 0 });
},
statement(timeout) {
if (state > holding) return;
const age = Math.trunc(now(clock).mono - begun.mono);
return { n: request.n, token, age_ms: Math.min(age, 365 * 864e5), ...describe(timeout) };
},
move(on) {
conn = on;
conn.open.set(id, request);
if (state === waiting) wake();
if (state === releasing) sendRelease();
if (state === cancelling) send("cancel");
},
leftOut() {
if (state > holding) end();
},
receive(m) {
conn.confirm(request.n);
if (m.type === "granted") granted(m);
else if (m.code === "not_found" && conn.quiet.has(id)) conn.confirm(conn.quiet.get(id));
else if (m.type === "error") refused(m);
else if (m.type === "lost") lost(m.reason, void 0, m);
else if (state < releasing) throw m.type;
else end();
},
fail(why, isKept) {
if (isKept && (state === waiting ? !once : state < cancelling)) {
if (state === waiting) waitOffline();
} else if (state === waiting && canMove && !client.error) waitForConnection();
else end(outer?.error() ?? client.error ?? why);
},
signal() {
if (holds()) {
if (conn.checkLease()) lost(...conn.loss);
else checkHold();
}
return controller.signal;
},
release: () => release ??= new Promise((resolve2, reject2) => {
if (quiet) request.signal();
if (state === ended) throw error;
wake();
state = releasing;
released = resolve2;
failed = reject2;
sendRelease();
if (quiet) {
failed = (error2) => error2.reason === "closed" || client.emit("lateloss", { error: error2 });
resolve2();
}
})
};
pending.add(request);
const current = client.conn;
if (client.error) end(client.error);
else if (outer && !outer.holds()) end(outer.error() ?? invalidState("the parent was released"));
else if (!current && once) end(client.offline);
else if (!current || current.draining && canMove) waitForConnection();
else request.submit(current);
});
var LockManager = class extends Inspector {
#client;
constructor(client) {
super(client);
this.#client = client;
}
request(name, second, ...more) {
return acquire(() => {
expect(arguments.length > 1, "a name and a callback");
const [options, callback] = more.length ? [second, more[0]] : [{}, second];
const run = async (lock) => callback(lock);
const use = (held, resolve, reject) => {
run(held && new Lock(held)).finally(() => held?.release()).then(resolve, reject);
};
return [this.#client, toDOMString(name), options, callback, use];
});
}
acquire(name, options) {
const use = (held, resolve) => resolve(held && new HeldLock(held));
return acquire(() => [this.#client, toDOMString(name), options, use]);
}
};
var mostTried = 16;
var ends = [1002, 1003, 1009, 1012, 4403];
var createResume = (kept) => ({
mode: kept ? "kept" : "moved",
leave(client, conn, { code }) {
const isEnd = ends.includes(code);
if (conn.isReady && conn.secret && (conn.moves || kept && !isEnd)) client.absent = conn;
else if (conn.next && isEnd) forsake(client);
return client.absent === conn;
},
forsake,
takeUp
});
var forsake = (client, reason = "connection") => {
const { absent } = client;
if (!absent) return;
client.absent = void 0;
if (client.error) absent.loss[1] = client.error;
absent.lose(reason);
absent.open.forEach((entry) => entry.fail?.(absent.loss[1]));
};
var takeUp = (client, conn, start) => {
const { absent } = client;
const { tried } = absent;
const begin = () => {
forsake(client);
start();
};
const state = () => {
const sent = now(client.clock);
const isFull = tried[mostTried] && tried.splice(1, 1);
if (!conn.secret || isFull && sent.mono - absent.since > 2 * absent.timeout) return begin();
const { parts, stated } = toParts(absent, conn, sent.mono);
const left = absent.stopBy - sent.mono;
if (left > 0) return conn.loss || conn.wake(left, state);
const receive = ({ type, held }) => {
if (!/resumed/.test(type)) throw type;
conn.open.clear();
if (type === "resumed") {
conn.answered(sent);
absent.checkLease();
if (conn.loss) return;
move(client, conn, stated, held);
}
begin();
};
for (const part of parts) conn.begin({ receive, end: begin }, part);
absent.since ??= sent.mono;
tried.push(conn.secret);
};
state();
};
var toParts = (absent, { most, timeout }, at) => {
const { open, session, secret, tried } = absent;
const head = { type: "resume", session, secret, tried: tried[0] && tried };
const whole = most - size(head) - 150;
const parts = [];
let part, room;
const begin = () => {
parts.push(part = { ...head });
room = whole;
};
begin();
const stated = /* @__PURE__ */ new Map();
for (const entry of open.values()) {
const request = entry.statement?.(timeout);
if (!request) continue;
const bytes = size(request) + 1;
if (bytes > whole) {
if (request.token) {
absent.stopBy = at + absent.timeout / 3;
entry.lose();
}
continue;
}
if (bytes > room) {
part.more = true;
begin();
}
room -= bytes;
(part[request.token ? "held" : "waiting"] ??= []).push(request);
stated.set(entry.n, !request.token);
}
return { parts, stated };
};
var size = (value) => bytesOf(JSON.stringify(value));
var move = (client, conn, stated, held) => {
const { next, open, session, stopBy } = client.absent;
const goOn = new Set(held);
for (const [n, waits] of stated) if (waits) goOn.add(n);
Object.assign(conn, { session, next, stopBy });
for (const [id, entry] of open) {
if (goOn.delete(entry.n)) {
open.delete(id);
entry.move(conn);
} else if (!stated.has(entry.n)) {
entry.leftOut?.();
}
}
const cancel = () => {
for (const n of goOn) conn.send({ type: "cancel", id: `${session}--${n}` });
};
const left = stopBy - now(client.clock).mono;
if (left > 0) conn.stopped(left, cancel);
else cancel();
};
var connect2 = (url, { resume, ...options } = {}) => dial(LockManager, url, options, createResume(resume));
export {
ConnectionError,
DeadlockError,
LockError,
LostError,
connect2 as connect
};
