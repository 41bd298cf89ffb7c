import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Ports that no system gives to a connection, or to a server that takes any: other tests have many of those at the same time. */
const [FIRST, END] = [10_000, 32_000];

/** A port on loopback that is free, and that only another caller of this function may take. */
export async function freePort(): Promise<number> {
  for (let tries = 1; ; tries++) {
    const port = randomInt(FIRST, END);
    const server = createServer();
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject).listen(port, "127.0.0.1", resolve);
      });
      await new Promise((resolve) => server.close(resolve));
      return port;
    } catch (error) {
      if (tries === 20) throw error;
    }
  }
}
