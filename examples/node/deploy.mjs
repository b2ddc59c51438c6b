// A deployment that only one may make at a time, on whatever machine:
//
//     node --experimental-websocket examples/node/deploy.mjs ws://127.0.0.1:27002 production
//
// Node 22 and later need no flag. The client is imported from this repository.

import { connect } from "../../wsclient/js/client.js";

const [url = "ws://127.0.0.1:27002", target = "production"] = process.argv.slice(2);
const locks = await connect(url, { author: "deploy.mjs" });
try {
  await locks.request(`deploy/${target}`, { wait: 60_000 }, async (lock) => {
    for (const step of ["build", "copy", "switch over"]) {
      lock.signal.throwIfAborted(); // lost: whoever has it now is deploying
      console.log(`${target}: ${step}`);
    }
  });
} catch (error) {
  console.error(`not deployed: ${error.message}`, ...(error.holders ?? []).map(({ author, id }) => author ?? id));
  process.exitCode = 1;
} finally {
  await locks.close();
}
