// node globs.js reads what the broker says of globs and names from its standard input:
//
//	[{"glob": "a*", "isValid": true, "names": {"ab": true, "b": false}}, ...]
//
// It prints a line for each on which the page differs, and then how many names it has compared.
import { readFileSync } from "node:fs";
import { toMatcher } from "../page/glob.js";

let compared = 0;
for (const { glob, isValid, names } of JSON.parse(readFileSync(0, "utf8"))) {
  const matches = toMatcher(glob);
  if (Boolean(matches) !== isValid) console.log(`${JSON.stringify(glob)} is valid: the broker says ${isValid}`);
  for (const [name, want] of Object.entries(matches ? names : {})) {
    compared++;
    if (matches(name) === want) continue;
    console.log(`${JSON.stringify(glob)} and ${JSON.stringify(name)}: the broker says ${want}`);
  }
}
console.log(`compared ${compared}`);
