/** The simulator calls webhooks as the public server does. */

import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { Bot, webhookCallback } from "grammy";
import { Telegraf } from "telegraf";
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

/** A webhook that a library answers. */
class Hook implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(handle: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<Hook> {
    const hook = new Hook(createServer((request, response) => void handle(request, response)));
    await new Promise<void>((resolve) => hook.#server.listen(0, "127.0.0.1", resolve));
    return hook;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
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
  await eventually(() => held.length === 3);
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

test("what no answer has confirmed is there for getUpdates when the webhook is deleted", async () => {
  await using bench = await Bench.start();
  bench.reply = () => {};
  await bench.set();
  await bench.simulator.pushMany([message(1, "one"), message(2, "two")]);
  await eventually(() => bench.requests.length === 2);
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
  await eventually(async () => (await stepsOf())?.length === 3);
  assert.deepEqual(await stepsOf(), [
    ["pushed", undefined],
    ["taken", "webhook"],
    ["confirmed", undefined],
  ]);
});

const JSON_TYPE = "application/json";
const FORM_TYPE = "application/x-www-form-urlencoded";

/** Answers with a body of that media type. */
const answering = (type: string, body: string): Reply => {
  return (_, response) => void response.writeHead(200, { "content-type": type }).end(body);
};

test("the call that a webhook answers with is made, and its refusal is in the log", async () => {
  await using bench = await Bench.start();
  const { simulator } = bench;
  const call = { method: "sendMessage", chat_id: 1 };
  const replies = [
    answering(JSON_TYPE, JSON.stringify({ ...call, text: "in JSON" })),
    answering(FORM_TYPE, new URLSearchParams({ method: "SENDMESSAGE", chat_id: "1", text: "in a form" }).toString()),
    answering(JSON_TYPE, JSON.stringify({ ...call, text: "" })),
  ];
  bench.reply = (update, response) => replies.shift()!(update, response);
  await bench.set();
  await simulator.pushMany(replies.map((_, i) => message(1, `${i}`)));
  await confirmed(simulator);
  const made = simulator.calls.filter(({ method }) => method.toLowerCase() === "sendmessage");
  assert.deepEqual(
    made.map(({ parameters, error }) => ({ ...parameters, error })),
    [
      { chat_id: 1, text: "in JSON", error: undefined },
      { chat_id: 1, text: "in a form", error: undefined },
      { chat_id: 1, text: "", error: "Bad Request: message text is empty" },
    ],
  );
});

test("an answer that is no call is ignored", async () => {
  await using bench = await Bench.start();
  const bodies = ['{"ok":true}', "null", "[1]", '{"method":5}', '{"method":"sendMessage"', '{"method":"no/such?"}', ""];
  const replies = [
    ...bodies.map((body) => answering(JSON_TYPE, body)),
    answering("text/html", "<p>"),
    answering("", "x"),
  ];
  const count = replies.length;
  bench.reply = (update, response) => replies.shift()!(update, response);
  await bench.set();
  await bench.simulator.pushMany(Array.from({ length: count }, (_, i) => message(1, `${i}`)));
  await confirmed(bench.simulator);
  assert.equal(bench.requests.length, count);
  const made = bench.simulator.calls.map(({ method }) => method).filter((method) => method !== "setWebhook");
  assert.deepEqual(made, []);
});

test("a bot of grammY and one of Telegraf answer by the webhook's answer", async () => {
  for (const library of ["grammY", "Telegraf"]) {
    await using bench = await Bench.start();
    const { token, url: apiRoot } = bench.simulator;
    let handle: (request: IncomingMessage, response: ServerResponse) => unknown;
    if (library === "grammY") {
      const canUseWebhookReply = (method: string) => method === "sendMessage";
      const bot = new Bot(token, { client: { apiRoot, canUseWebhookReply } });
      bot.on("message:text", (ctx) => ctx.reply(`you said ${ctx.message.text}`));
      handle = webhookCallback(bot, "http");
    } else {
      const bot = new Telegraf(token, { telegram: { apiRoot } });
      bot.on("text", (ctx) => ctx.reply(`you said ${ctx.message.text}`));
      handle = bot.webhookCallback("/hook");
    }
    await using hook = await Hook.start(handle);
    await bench.call("setWebhook", { url: hook.url });
    const ann = await bench.simulator.user("Ann");
    await ann.sendText("hello");
    assert.equal((await ann.nextMessage()).text, "you said hello", library);
    const { length } = bench.simulator.calls.filter(({ method }) => method === "sendMessage");
    assert.equal(length, 1, library);
  }
});
