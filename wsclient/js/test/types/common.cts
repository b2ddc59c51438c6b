// A CommonJS module loads the client by import().

export async function enter(): Promise<number> {
  const { connect } = await import("lockbroker");
  const locks = await connect("ws://127.0.0.1:27002");
  return locks.request("report", (lock) => lock.token);
}
