import { first } from "./requests.js";
import { toDuration } from "./text.js";

// The columns of the list of locks. Each has a title, text(lock, context), and key(lock, context), by which the list is
// sorted from the greatest to the least. The context has now and rates.
export const columns = {
  name: { title: "Lock", text: (lock) => lock.name },
  held: {
    title: "Held for",
    key: (lock, { now }) => age(first(lock.holders), now),
    text: (lock, { now }) => toAge(first(lock.holders), now),
  },
  waiters: {
    title: "Waiters",
    key: (lock) => lock.waiters.size,
    text: (lock) => lock.waiters.size.toLocaleString("en"),
  },
  wait: {
    title: "Longest wait",
    key: (lock, { now }) => age(first(lock.waiters), now),
    text: (lock, { now }) => toAge(first(lock.waiters), now),
  },
  rate: {
    title: "Grants/s",
    key: (lock, { now, rates }) => rates.of(lock.name, now),
    text: (lock, { now, rates }) => toRate(rates.of(lock.name, now)),
  },
};

const age = (request, now) => (request ? now - request.since : -1);

const toAge = (request, now) => (request ? toDuration(age(request, now)) : "");

const toRate = (rate) => (rate < 0.05 ? "" : rate.toFixed(1));
