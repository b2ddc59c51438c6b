export const wholeQueue = 10_000; // as many holders, or waiters, of a lock as a reply can list

// pages yields the locks of a listing, asking for one page after another on one connection:
// another may lead to another broker.
export async function* pages(client, question) {
  const conn = await client.ready();
  for (let after; ; ) {
    const page = await conn.ask({ type: "info", ...question, after });
    const { locks, next } = question.queue === wholeQueue ? trim(page) : page;
    yield* locks;
    if (!next) return;
    after = next;
  }
}

// trim leaves out the last lock of a page that lists several, where its lists are cut short:
// perhaps only because the page was full. It is then the first of the next page, to have
// that to itself.
function trim({ locks, next }) {
  const { holders, holding, waiters, waiting, seq } = locks.at(-1) ?? {};
  const isCut = locks.length > 1 && (holding > holders.length || waiting > waiters.length);
  return isCut ? { locks: locks.slice(0, -1), next: seq - 1 } : { locks, next };
}
