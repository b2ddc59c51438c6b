export const wholeQueue = 10_000; // as many holders, or waiters, of a lock as a reply can list

// pages yields the locks of a listing, asking for one page after another.
export async function* pages(conn, { match, empty, max, queue }) {
  for (let after; ; ) {
    const page = await conn.ask({ type: "info", match, empty, after, max, queue });
    const { locks, next } = queue === wholeQueue ? trim(page) : page;
    yield* locks;
    if (!next) return;
    after = next;
  }
}

// trim leaves out the last lock of a page that lists several, where its lists are cut short:
// perhaps only because the page was full. It is then the first of the next page, to have
// that to itself.
function trim({ locks, next }) {
  const last = locks.at(-1);
  if (locks.length < 2 || !isCut(last)) return { locks, next };
  return { locks: locks.slice(0, -1), next: last.seq - 1 };
}

const isCut = ({ holders, holding, waiters, waiting }) => holding > holders.length || waiting > waiters.length;
