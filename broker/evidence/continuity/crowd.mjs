// This program is the crowd of clients in JavaScript: it holds and waits, and reports as lines of JSON.
//
//   node crowd.mjs URL HOLDERS WAITERS RESUME
//
// It prints {"ready":true} when all hold or have been asked for. When it reads a line, it releases what it holds. Then it
// prints {"lock","place","token"} for each waiter that is granted, and ends.

import { connect } from "../../../wsclient/js/client.js";

const [url, holders, waiters, resume] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const perClient = 100;
const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const clients = [];
for (let n = 0; n <= (holders + waiters) / perClient; n++) {
  clients.push(await connect(url, { resume: resume === 1 }));
}
// All requests for a lock go over one connection, so they are queued in this order.
const clientOf = (lock) => clients[lock % clients.length];
const nameOf = (lock) => `node/${lock}`;

let finish;
const finished = new Promise((resolve) => { finish = resolve; });
const ended = [];

await Promise.all(Array.from({ length: holders }, (_, lock) => new Promise((holds) => {
  ended.push(clientOf(lock).request(nameOf(lock), async ({ signal, token }) => {
    signal.addEventListener("abort", () => print({ lock, lost: String(signal.reason) }));
    holds();
    await finished;
    print({ lock, place: -1, token });
  }));
})));
for (let n = 0; n < waiters; n++) {
  const lock = n % holders;
  ended.push(clientOf(lock).request(nameOf(lock), ({ token }) => {
    print({ lock, place: Math.floor(n / holders), token });
  }));
}
await Promise.all(clients.map((client) => client.query())); // so what was sent before is queued

print({ ready: true });
process.stdin.once("data", finish);
const results = await Promise.allSettled(ended);
for (const { status, reason } of results) {
  if (status === "rejected") print({ failed: String(reason) });
}
await Promise.all(clients.map((client) => client.close()));
process.exit(0);
