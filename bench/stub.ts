/**
 * A Bot API that costs as little as possible, in a process of its own: it has a backlog of text messages, takes what is
 * answered, and checks that each update is answered once and each chat in order. Started by main.ts.
 *
 *   node bench/stub.ts UPDATES CHATS
 */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Verdict {
  /** From the first poll to the last answer. */
  seconds: number;
  repeated: number;
  outOfOrder: number;
}

export type FromStub = { url: string } | { verdict: Verdict };

const [updates = 20_000, chats = 1000] = process.argv.slice(2).map(Number);
const FIRST = 1000;
const BATCH = 100;
const HEADERS = { "content-type": "application/json" };

let started = 0;
let answers = 0;
const verdict: Verdict = { seconds: 0, repeated: 0, outOfOrder: 0 };
const seen = new Set<number>();
const last = new Map<number, number>();

const server = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => {
    body += chunk;
  });
  request.on("end", () => {
    const result = answer(request.url!.slice(request.url!.lastIndexOf("/") + 1), body);
    // What is never answered is the poll that waits when all has been given out.
    if (result !== undefined) response.writeHead(200, HEADERS).end(`{"ok":true,"result":${result}}`);
  });
});

function answer(method: string, body: string): string | undefined {
  switch (method) {
    case "getMe":
      return '{"id":1,"is_bot":true,"first_name":"Bench","username":"bench_bot"}';
    case "getUpdates":
      return poll(JSON.parse(body));
    case "sendMessage":
      return take(JSON.parse(body));
    default:
      return "true";
  }
}

function poll({ offset = FIRST, timeout }: { offset?: number; timeout: number }): string | undefined {
  started ||= performance.now();
  const end = Math.min(offset + BATCH, FIRST + updates);
  if (offset >= end) return timeout > 0 ? undefined : "[]";
  return `[${Array.from({ length: end - offset }, (_, i) => updateText(offset + i)).join()}]`;
}

function updateText(id: number): string {
  const chat = (id % chats) + 1;
  const who = `"id":${chat},"first_name":"User","username":"user${chat}"`;
  return (
    `{"update_id":${id},"message":{"message_id":${id},"date":1790000000,"text":"${id}",` +
    `"chat":{${who},"type":"private"},"from":{${who},"is_bot":false,"language_code":"en"}}}`
  );
}

function take({ chat_id, text }: { chat_id: number; text: string }): string {
  const id = Number(text);
  if (seen.has(id)) verdict.repeated += 1;
  else if (id < (last.get(chat_id) ?? 0)) verdict.outOfOrder += 1;
  seen.add(id);
  last.set(chat_id, id);
  if (++answers === updates) {
    verdict.seconds = (performance.now() - started) / 1000;
    process.send!({ verdict } satisfies FromStub);
  }
  return `{"message_id":${answers},"date":1790000000,"chat":{"id":${chat_id},"type":"private","first_name":"User"},"text":"${text}"}`;
}

server.listen(0, "127.0.0.1", () => {
  process.send!({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` } satisfies FromStub);
});
