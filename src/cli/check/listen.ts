/** Checks that the server can listen on an address: that of `--listen`, or of `--webhook-listen`. */

import { once } from "node:events";
import { createServer } from "node:net";
import { parseAddress } from "../../config/listen-address.ts";
import { listenError } from "../../observe/status-server.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";

/** An address in use is only a warning: the server that will be replaced may use it. */
export async function checkListen(address: string | false): Promise<Finding[]> {
  if (address === false) return [];
  const where = parseAddress(address);
  const server = createServer();
  try {
    server.listen(where.port, where.host);
    await once(server, "listening");
    return [ok("listen", `${address} is free`)];
  } catch (cause) {
    const error = listenError(where, cause as NodeJS.ErrnoException);
    const isInUse = (cause as NodeJS.ErrnoException).code === "EADDRINUSE";
    return [isInUse ? warning("listen", error.message) : problem("listen", error)];
  } finally {
    server.close();
  }
}
