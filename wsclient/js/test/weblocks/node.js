/**
 * node --experimental-websocket node.js CLIENT URL runs the suite against the client in the file CLIENT and the broker at
 * URL. It prints the list of behaviours as JSON, and then one line of JSON for each report.
 */
import { pathToFileURL } from "node:url";
import { contexts } from "./client.js";
import { list, runOne } from "./run.js";

const [client, url] = process.argv.slice(2);
const both = await contexts(await import(pathToFileURL(client)), url);
const print = (value) => console.log(JSON.stringify(value));
print(list);
for (let index = 0; index < list.length; index++) print(await runOne(index, both));
await both.close(); // so that the process can exit
