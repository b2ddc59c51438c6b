import { onAbort } from "./signal.js";
import { refusal } from "./errors.js";

// follow yields changes. When the connection ends it begins anew on the next. Where changes
// may have been missed it says so: at the beginning on each connection by the event
// "watching", and where some were dropped by "lagged".
export async function* follow(client, match, signal) {
  const most = 10_000; // changes that wait for a consumer that is slow
  let conn; // on which it has begun
  let id;
  let stream; // of changes
  let lagged = false;

  const put = (change) => {
    if (!lagged && stream.desiredSize > 0) stream.enqueue(change);
    else lagged = true;
  };

  // end ends it, here and on the broker.
  const end = (error) => {
    if (!client.watches.delete(watch)) return;
    if (conn?.open.delete(id)) conn.send({ type: "unwatch", id });
    stream.error(error);
  };

  const watch = {
    end,

    begin(on) {
      conn = on;
      try {
        id = conn.begin(watch, { type: "watch", match });
      } catch (error) {
        end(error); // the next broker may allow less
      }
    },

    // take handles what the broker says about it.
    take(m) {
      if (m.type === "error") end(refusal(m));
      else put(m.type === "change" ? m : { event: m.type });
    },

    fail() {}, // it begins anew
  };

  const source = {
    start(controller) {
      stream = controller;
    },

    // pull is called when the consumer has read.
    pull() {
      if (lagged) stream.enqueue({ event: "lagged" });
      lagged = false;
    },
  };

  const reader = new ReadableStream(source, { highWaterMark: most }).getReader();
  const forget = onAbort(signal, () => end(signal.reason));
  client.watches.add(watch);
  if (client.conn) watch.begin(client.conn);
  try {
    for (;;) yield (await reader.read()).value; // it has no end but errors
  } finally {
    forget();
    end();
  }
}
