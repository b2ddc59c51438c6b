import { onAbort } from "./signal.js";
import { refusal } from "./errors.js";

// changes yields what a watch reports. When the connection ends, it watches again on the next one.
// Two events say that changes may have been missed: "watching", first on each connection, and
// "lagged", after some were dropped.
export async function* changes(client, match, signal) {
  const most = 10_000; // changes that wait for a slow consumer
  let conn; // the connection on which it watches
  let id;
  let stream; // of changes
  let lagged = false;

  const push = (change) => {
    if (!lagged && stream.desiredSize > 0) stream.enqueue(change);
    else lagged = true;
  };

  // end ends the watch, here and on the broker.
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
    },
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
  const ignoreSignal = onAbort(signal, () => end(signal.reason));
  client.pending.add(watch);
  if (client.conn) watch.submit(client.conn);
  try {
    for (;;) yield (await reader.read()).value; // only an error ends it
  } finally {
    ignoreSignal();
    end();
  }
}
