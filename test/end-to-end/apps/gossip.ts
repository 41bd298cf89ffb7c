/** Prints, throws and sends the bot's token, which it reads from the file, and looks for it in the errors that it gets. */

import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import type { Application, Send } from "../../../src/index.ts";

const token = readFileSync(process.env.GOSSIP_FILE!, "utf8").trim();
const secret = token.slice(token.indexOf(":") + 1);

console.log(`imported with ${token}`);

export const application: Application = async ({ type }: { type: string }, receive, send) => {
  if (type !== "telegram") throw new Error(`no lifespan: ${token}`);
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") return;
    await DEEDS[event.text ?? ""]?.(send);
    await send({ type: "telegram.send_message", text: event.text ?? "" }).catch(look);
  }
};

function look(error: unknown): void {
  const all = inspect(error, { depth: 9, showHidden: true });
  console.error(all.includes(secret) ? "THE APPLICATION WAS TOLD" : "the application was told nothing");
}

const DEEDS: Record<string, (send: Send) => unknown> = {
  end: () => console.log("that was all"),
  print: () => console.log(`${token}\n${secret}`, { token }),
  write: () => process.stderr.write(`half a line with ${secret}`),
  upload: (send) => send({ type: "telegram.send_document", document: new Uint8Array(100_000) }).catch(look),
  download: (send) => send({ type: "telegram.download_file", file_path: "documents/file_1" }).catch(look),
  stream: async (send) => {
    try {
      const file = await send({ type: "telegram.download_file", file_path: "documents/file_2", as: "stream" });
      for await (const _ of file);
    } catch (error) {
      look(error);
    }
  },
  throw: () => {
    throw new Error(`it is ${token}`, { cause: new Error(secret) });
  },
  reject: () => {
    void Promise.reject(new Error(`it is ${token}`));
    return new Promise(() => {});
  },
  crash: () => {
    setImmediate(() => {
      throw { token };
    });
    return new Promise(() => {});
  },
  exit: () => {
    console.log(`goodbye ${token}`);
    process.exit(1);
  },
};
