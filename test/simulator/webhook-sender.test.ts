/** The simulator calls webhooks as the public server does. */

import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import type { Snapshot } from "../../simulator/inspector/snapshot.ts";
import { confirmed, message } from "../end-to-end/bot.ts";
import { eventually } from "../eventually.ts";

type Reply = (update: Received, response: ServerResponse) => void;
interface Received {
  update_id: number;
  message: { text: string; chat: { id: number } };
}

const accept: Reply = (_, response) => void response.end();

/** A webhook that answers as it is told, and a simulator that calls it. */
class Bench implements AsyncDisposable {
  readonly simulator: Simulator;
  readonly requests: { update: Received; headers: IncomingMessage["headers"] }[] = [];
  reply: Reply = accept;
  /** Requests without an answer. */
  open = 0;
  mostOpen = 0;
  readonly #server = createServer((request, response) => void this.#take(request, response));

  private constructor(simulator: Simulator) {
    this.simulator = simulator;
  }

  static async start(): Promise<Bench> {
    const bench = new Bench(await Simulator.start({ webhooks: { second: 10 } }));
    await new Promise<void>((resolve) => bench.#server.listen(0, "127.0.0.1", resolve));
    return bench;
  }

  get texts(): string[] {
    return this.requests.map(({ update }) => update.message.text);
  }

  async call<T = unknown>(method: string, parameters: object = {}): Promise<T> {
    const response = await fetch(`${this.simulator.url}/bot${this.simulator.token}/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(parameters),
    });
    const answer = (await response.json()) as { result: T; description?: string };
    return answer.description === undefined ? answer.result : (answer.description as T);
  }

  set(parameters: object = {}): Promise<unknown> {
    const { port } = this.#server.address() as AddressInfo;
    return this.call("setWebhook", { url: `http://127.0.0.1:${port}/hook`, ...parameters });
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request) body += chunk;
    const update = JSON.parse(body) as Received;
    this.open += 1;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    response.once("close", () => {
      this.open -= 1;
    });
    this.requests.push({ update, headers: request.headers });
    this.reply(update, response);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.simulator.close();
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

test("each update is sent with the secret, and confirmed by 200", async () => {
  await using bench = await Bench.start();
  await bench.simulator.push(message(1, "before"));
  await bench.set({ secret_token: "a-secret_1" });
  await bench.simulator.push(message(1, "after"));
  await confirmed(bench.simulator);
  assert.deepEqual(bench.texts, ["before", "after"]);
  assert.equal(bench.requests[0]!.headers["x-telegram-bot-api-secret-token"], "a-secret_1");
  assert.equal(bench.requests[0]!.headers["content-type"], "application/json");
});

test("a secret that Telegram does not allow is refused", async () => {
  await using bench = await Bench.start();
  assert.match(String(await bench.set({ secret_token: "no spaces" })), /unallowed characters/);
  assert.match(String(await bench.set({ secret_token: "x".repeat(257) })), /too long/);
});

test("chats are sent side by side, up to max_connections, and the messages of a chat one after the other", async () => {
  await using bench = await Bench.start();
  const held: ServerResponse[] = [];
  bench.reply = (_, response) => void held.push(response);
  await bench.set({ max_connections: 3 });
  await bench.simulator.pushMany([1, 1, 2, 3, 4].map((chat, i) => message(chat, `${i}`)));
  await eventually(
    () => held.length === 3,
    () => held,
  );
  assert.deepEqual(bench.texts.toSorted(), ["0", "2", "3"]);
  assert.equal(bench.simulator.pending, 5);
  bench.reply = accept;
  for (const response of held) response.end();
  await confirmed(bench.simulator);
  assert.equal(bench.mostOpen, 3);
  assert.deepEqual(bench.texts.toSorted(), ["0", "1", "2", "3", "4"]);
});

test("with max_connections 1 all updates are sent one after the other", async () => {
  await using bench = await Bench.start();
  await bench.set({ max_connections: 1 });
  await bench.simulator.pushMany(Array.from({ length: 20 }, (_, i) => message(i, `${i}`)));
  await confirmed(bench.simulator);
  assert.equal(bench.mostOpen, 1);
  assert.deepEqual(
    bench.texts,
    Array.from({ length: 20 }, (_, i) => `${i}`),
  );
});

test("any other answer, and none, is an error that getWebhookInfo shows, and the update is sent again", async () => {
  await using bench = await Bench.start();
  const replies: Reply[] = [
    (_, response) => void response.writeHead(503, { "retry-after": "1" }).end(),
    (_, response) => void response.destroy(),
    (_, response) => void response.writeHead(500).end(),
  ];
  const errors: unknown[] = [];
  bench.reply = async (update, response) => {
    const { last_error_message } = await bench.call<{ last_error_message?: string }>("getWebhookInfo");
    errors.push(last_error_message);
    (replies.shift() ?? accept)(update, response);
  };
  await bench.set();
  await bench.simulator.push(message(1, "hello"));
  await confirmed(bench.simulator);
  assert.deepEqual(bench.texts, ["hello", "hello", "hello", "hello"]);
  assert.deepEqual(errors, [
    undefined,
    "Wrong response from the webhook: 503 Service Unavailable",
    "Connection closed",
    "Wrong response from the webhook: 500 Internal Server Error",
  ]);
});

test("a bot that takes its last update without any call is idle", async () => {
  await using bench = await Bench.start();
  bench.reply = (_, response) => void setTimeout(() => response.end(), 50);
  await bench.set();
  await bench.simulator.push(message(1, "hello"));
  await bench.simulator.idle();
  assert.equal(bench.simulator.pending, 0);
});

test("what no answer has confirmed is there for getUpdates when the webhook is deleted", async () => {
  await using bench = await Bench.start();
  bench.reply = () => {};
  await bench.set();
  await bench.simulator.pushMany([message(1, "one"), message(2, "two")]);
  await eventually(
    () => bench.requests.length === 2,
    () => bench.requests,
  );
  const { pending_update_count } = await bench.call<{ pending_update_count: number }>("getWebhookInfo");
  assert.equal(pending_update_count, 2);
  await bench.call("deleteWebhook");
  const updates = await bench.call<Received[]>("getUpdates");
  assert.deepEqual(
    updates.map(({ message }) => message.text),
    ["one", "two"],
  );
});

test("a page is told that the webhook took an update, and that it confirmed it", async () => {
  await using bench = await Bench.start();
  const stepsOf = async () => {
    const response = await fetch(`${bench.simulator.url}/simulator/snapshot`);
    const { result } = (await response.json()) as { result: Snapshot };
    return result.updates[0]?.steps.map(({ name, facts }) => [name, facts?.by]);
  };
  assert.equal(await stepsOf(), undefined);
  await bench.set();
  await bench.simulator.push(message(1, "hi"));
  await eventually(async () => (await stepsOf())?.length === 3, stepsOf);
  assert.deepEqual(await stepsOf(), [
    ["pushed", undefined],
    ["taken", "webhook"],
    ["confirmed", undefined],
  ]);
});
