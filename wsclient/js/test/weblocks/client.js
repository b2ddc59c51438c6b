/** Contexts with clients of the broker at url, each with its own connection. The first argument is client.js. */
export const contexts = async ({ connect }, url) => {
  const another = async () => {
    const locks = await connect(url);
    return { locks, end: () => locks.close() };
  };
  const [here, there] = await Promise.all([another(), another()]);
  return {
    ...{ locks: here.locks, other: there.locks, another },
    close: () => Promise.all([here.end(), there.end()]),
  };
};
