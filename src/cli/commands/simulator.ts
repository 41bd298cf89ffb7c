/** `asgigram simulator`: a Bot API for bots in any language, and the users who talk to them over HTTP. */

import { once } from "node:events";
import { Simulator, type SimulatorOptions } from "../../../simulator/simulator.ts";
import { type ListenAddress, parseAddress } from "../../config/listen-address.ts";
import { OPTIONS } from "../../config/options.ts";
import { readValue } from "../../config/value.ts";
import type { Typed } from "../command-line.ts";
import type { Context } from "../context.ts";
import type { ServingProcess } from "../serving-process.ts";

const DEFAULT = "127.0.0.1:8081";

export async function run({ values, switches }: Typed, { console }: Context, serving: ServingProcess): Promise<number> {
  const stopping = serving.signalled();
  const { canBeOff: _, ...listen } = OPTIONS.listen;
  const address = parseAddress(readValue(listen, values.get("listen") ?? DEFAULT, "--listen", "") as string);
  const allowHosts = values.get("allow-host")?.split(",") ?? [];
  const [limits, local] = [switches.has("limits"), switches.has("local")];
  const record = values.get("record") ?? false;
  const simulator = await start(address, { allowHosts, limits, local, record });
  console.log(
    `The simulator is at ${simulator.url}. Each token has a world of its own; /simulator/openapi.json describes the users' side.`,
  );
  if (!stopping.aborted) await once(stopping, "abort");
  await simulator.close();
  return 0;
}

/** @throws ListenError */
async function start(address: ListenAddress, options: SimulatorOptions): Promise<Simulator> {
  try {
    return await Simulator.start({ ...address, ...options, anyToken: true, webhooks: true });
  } catch (error) {
    const { listenError } = await import("../../observe/status-server.ts");
    throw listenError(address, error as NodeJS.ErrnoException);
  }
}
