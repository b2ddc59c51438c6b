// pages yields the locks of a listing, asking for one page after another on one connection:
// another may lead to another broker. With whole a lock whose lists were cut comes again,
// with what follows in them, until that is all.
export async function* pages(client, question, whole) {
  const conn = await client.ready();
  const ask = (more) => conn.ask({ type: "info", ...question, ...more });
  for (let after; ; ) {
    const { locks, next } = await ask({ after });
    for (let lock of locks) {
      for (; lock; lock = whole && (await rest(ask, lock))) yield lock;
    }
    if (!next) return;
    after = next;
  }
}

// rest is undefined where nothing follows, or the lock is gone.
async function rest(ask, { seq, holders_next, waiters_next }) {
  if (holders_next >= 0 || waiters_next >= 0) {
    return (await ask({ seq, holders_after: holders_next, waiters_after: waiters_next })).locks[0];
  }
}
