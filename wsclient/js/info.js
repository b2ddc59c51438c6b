// pages yields the locks of a listing. It asks for one page after another on one connection,
// because the next connection may lead to another broker. If whole is true, a lock whose lists were
// cut off is yielded again, with the next part of each, until both are complete. All locks of a page are
// yielded before anything else is asked for: whoever also watches the locks would otherwise get some of
// them later than changes that the page does not show.
export async function* pages(client, question, whole) {
  const conn = await client.online;
  const ask = (more) => conn.ask({ type: "info", ...question, ...more });
  let after;
  do {
    const { locks, next } = await ask({ after });
    yield* locks;
    for (let lock of whole ? locks : []) {
      while ((lock = await nextPart(ask, lock))) yield lock;
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
