import { environment } from "./environment.js";
import { behaviours } from "./suite.js";

/** What is left to a behaviour that hangs. Each takes milliseconds, but machines may be busy. */
const DEADLINE = 15_000;

/** Runs one behaviour. Returns what to report of it: { name, departs, error }, without error where it passes. */
export const runOne = async (index, contexts) => {
  const { name, run, departs } = behaviours[index];
  const t = environment(contexts);
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${DEADLINE} ms`)), DEADLINE);
  });
  let error;
  try {
    await Promise.race([run(t), late]);
  } catch (reason) {
    error = String(reason?.message ?? reason) || "failed";
  }
  clearTimeout(timer);
  await t.end();
  return { name, departs, error };
};

/** The behaviours, as far as they can be sent. */
export const list = behaviours.map(({ name, departs }) => ({ name, departs }));
