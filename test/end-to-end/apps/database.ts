import { existsSync } from "node:fs";
import { connect } from "node:net";
import { type Application, delivery } from "../../../src/index.ts";

/** The database is away while there is this file. */
const AWAY = process.env.DATABASE_AWAY!;

async function query(): Promise<void> {
  if (!existsSync(AWAY)) return;
  // Where nothing listens.
  const socket = connect({ port: 1, host: "127.0.0.1" });
  await new Promise((_, reject) => socket.once("error", reject));
}

/** Answers each message once it has asked the database. */
export const application: Application = async (_scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type === "telegram.disconnect") return;
    if (event.type !== "telegram.message") continue;
    await query();
    await send({ type: "telegram.send_message", text: `${event.text} ${delivery()?.attempt}` });
  }
};
