import { environment } from "./environment.js";
import { behaviours } from "./suite.js";

/** Milliseconds after which a behaviour counts as hung. Each takes a few, but machines may be busy. */
const DEADLINE = 15_000;

/** Runs one behaviour, and returns its report: { name, departs, error }. error is undefined if it passes. */
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

/** The list of behaviours, without their functions, as JSON can hold it. */
export const list = behaviours.map(({ name, departs }) => ({ name, departs }));
