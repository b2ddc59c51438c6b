// A deployment that runs once at a time, on any machine:
//
//     node --experimental-websocket examples/node/deploy.mjs ws://127.0.0.1:27002 production
//
// Node 22 and later need no flag. This program imports the client from the repository.

import { connect } from "../../wsclient/js/client.js";

const [url = "ws://127.0.0.1:27002", target = "production"] = process.argv.slice(2);
const locks = await connect(url, { author: "deploy.mjs" });
try {
  await locks.request(`deploy/${target}`, { wait: 60_000 }, async (lock) => {
    for (const step of ["build", "copy", "switch over"]) {
      lock.signal.throwIfAborted(); // throws if the lock is lost: another deployment may be running
      console.log(`${target}: ${step}`);
    }
  });
} catch (error) {
  console.error(`not deployed: ${error.message}`, ...(error.holders ?? []).map(({ author, id }) => author ?? id));
  process.exitCode = 1;
} finally {
  await locks.close();
}
