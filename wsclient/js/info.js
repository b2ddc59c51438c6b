// pages yields the locks of a listing. It asks for one page after another on one connection,
// because the next connection may lead to another broker. If whole is true, a lock whose lists were
// cut off is yielded again, with the next part of each, until both are complete.
export async function* pages(client, question, whole) {
  const conn = await client.online;
  const ask = (more) => conn.ask({ type: "info", ...question, ...more });
  let after;
  do {
    const { locks, next } = await ask({ after });
    for (let lock of locks) {
      for (; lock; lock = whole && (await nextPart(ask, lock))) yield lock;
    }
    after = next;
  } while (after);
}

// nextPart resolves to undefined if nothing follows, or if the lock no longer exists.
const nextPart = async (ask, { seq, holders_next, waiters_next }) => {
  if (holders_next >= 0 || waiters_next >= 0) {
    return (await ask({ seq, holders_after: holders_next, waiters_after: waiters_next })).locks[0];
  }
};
