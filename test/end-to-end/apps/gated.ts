import { existsSync, watch } from "node:fs";
import { dirname } from "node:path";
import type { LifespanApplication } from "../../../src/index.ts";

/** Waits, at its startup and at each event, for as long as the file GATE exists; the text "die" ends its worker. */
export const application: LifespanApplication = async (scope, receive, send) => {
  if (scope.type === "lifespan") {
    await receive();
    await open();
    await send({ type: "lifespan.startup.complete" });
    await receive();
    return send({ type: "lifespan.shutdown.complete" });
  }
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") continue;
    if (event.text === "die") process.exit(7);
    await open();
    await send({ type: "telegram.send_message", text: event.text ?? "?" });
  }
};

async function open(): Promise<void> {
  const gate = process.env.GATE!;
  const { promise, resolve } = Promise.withResolvers<void>();
  const watcher = watch(dirname(gate), () => existsSync(gate) || resolve());
  if (existsSync(gate)) await promise;
  watcher.close();
}
