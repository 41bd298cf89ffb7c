/** A webhook answers updates with calls, which the simulator carries out as Telegram does. */

import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { Bot, webhookCallback } from "grammy";
import { Markup, Telegraf } from "telegraf";
import { type Intercept, Simulator, type SimulatorOptions } from "../../simulator/index.ts";

/** A simulator that sends its updates to a webhook. */
class Hooked implements AsyncDisposable {
  readonly simulator: Simulator;
  readonly #server = createServer();

  private constructor(simulator: Simulator) {
    this.simulator = simulator;
  }

  static async start(options: SimulatorOptions = {}): Promise<Hooked> {
    const hooked = new Hooked(await Simulator.start({ webhooks: { second: 10 }, ...options }));
    await new Promise<void>((resolve) => hooked.#server.listen(0, "127.0.0.1", resolve));
    const { port } = hooked.#server.address() as AddressInfo;
    const { url, token } = hooked.simulator;
    await fetch(`${url}/bot${token}/setWebhook?url=http://127.0.0.1:${port}/`);
    return hooked;
  }

  answer(listener: RequestListener): void {
    this.#server.removeAllListeners("request").on("request", listener);
  }

  /** Answers each update with this body. */
  answerWith(type: string, body: string | ((update: Received) => string)): void {
    this.answer(async (request, response) => {
      const update = JSON.parse(Buffer.concat(await request.toArray()).toString()) as Received;
      response.writeHead(200, { "content-type": type }).end(typeof body === "string" ? body : body(update));
    });
  }

  /** Methods of the calls so far, but for setWebhook. */
  get called(): string[] {
    return this.simulator.calls.slice(1).map(({ method }) => method);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.simulator.close();
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

interface Received {
  message: { text: string; chat: { id: number } };
}

const JSON_TYPE = "application/json";
const FORM = "application/x-www-form-urlencoded";

const sendMessage = ({ message: { text, chat } }: Received) =>
  JSON.stringify({ method: "sendMessage", chat_id: chat.id, text });

test("a grammY bot replies in the answer of its webhook", async () => {
  await using hooked = await Hooked.start();
  const { simulator } = hooked;
  const bot = new Bot(simulator.token, {
    client: { apiRoot: simulator.url, canUseWebhookReply: (method) => method === "sendMessage" },
  });
  const results: unknown[] = [];
  bot.on("message:text", async (ctx) => results.push(await ctx.reply(`You said ${ctx.msg.text}`)));
  hooked.answer(webhookCallback(bot, "http"));

  const ann = await simulator.user("ann");
  await ann.sendText("hello");
  const { text, message_id, chat } = await ann.nextMessage();
  assert.equal(text, "You said hello");
  await simulator.idle();
  // The bot does not learn the result, which the log has.
  assert.deepEqual(results, [true]);
  assert.deepEqual(hooked.called, ["getMe", "sendMessage"]);
  const { parameters, status, result } = simulator.calls.at(-1)!;
  assert.deepEqual(parameters, { chat_id: chat.id, text });
  assert.equal(status, 200);
  assert.equal((result as { message_id: number }).message_id, message_id);
});

test("a Telegraf bot answers the press of a button in the answer of its webhook", async () => {
  await using hooked = await Hooked.start();
  const { simulator } = hooked;
  const bot = new Telegraf(simulator.token, { telegram: { apiRoot: simulator.url } });
  bot.command("ask", (ctx) => ctx.reply("Well?", Markup.inlineKeyboard([Markup.button.callback("Yes", "yes")])));
  bot.action("yes", (ctx) => ctx.answerCbQuery("Noted"));
  // Telegraf calls answerCallbackQuery in the answer, and sendMessage over HTTP.
  hooked.answer(bot.webhookCallback("/"));

  const ann = await simulator.user("ann");
  await ann.sendText("/ask");
  await ann.nextMessage();
  const press = await ann.press(1);
  assert.equal((await press.answered()).text, "Noted");
  await simulator.idle();
  assert.deepEqual(hooked.called, ["getMe", "sendMessage", "answerCallbackQuery"]);
});

test("a call with a file is read from a form", async () => {
  await using hooked = await Hooked.start();
  const { simulator } = hooked;
  const ann = await simulator.user("ann");
  const form = new FormData();
  form.set("method", "sendDocument");
  form.set("chat_id", String(ann.chat.id));
  form.set("document", new File(["bytes"], "a.txt"));
  const encoded = new Response(form);
  hooked.answerWith(encoded.headers.get("content-type")!, await encoded.text());
  await ann.sendText("hello");
  const message = await ann.nextMessage();
  assert.equal(message.document?.file_name, "a.txt");
  assert.equal(`${await simulator.download(message)}`, "bytes");
});

test("a call is read from a form, with its method in any case, and calls stay in the order of the updates", async () => {
  await using hooked = await Hooked.start();
  hooked.answerWith(FORM, ({ message: { text, chat } }) =>
    String(new URLSearchParams({ chat_id: String(chat.id), text, method: "SENDMESSAGE" })),
  );
  const ann = await hooked.simulator.user("ann");
  const texts = Array.from({ length: 20 }, (_, i) => `${i}`);
  for (const text of texts) await ann.sendText(text);
  for (const text of texts) assert.equal((await ann.nextMessage()).text, text);
});

test("a call that is refused stands in the log with its error, and its update is confirmed", async () => {
  await using hooked = await Hooked.start();
  const bodies = [
    { method: "sendMessage", chat_id: 1, text: "hi" },
    { method: "fly", chat_id: 1 },
  ];
  hooked.answerWith(JSON_TYPE, () => JSON.stringify(bodies.shift()));
  const ann = await hooked.simulator.user("ann");
  await ann.sendText("one");
  await ann.sendText("two");
  await hooked.simulator.idle();
  assert.deepEqual(
    hooked.simulator.calls.slice(1).map(({ method, status, error }) => [method, status, error]),
    [
      ["sendMessage", 400, "Bad Request: chat not found"],
      ["fly", 404, "Not Found: method not found"],
    ],
  );
});

test("a fault of the call breaks no other update", async () => {
  await using hooked = await Hooked.start();
  const { simulator } = hooked;
  await simulator.fail("sendMessage", { breaks: "before", times: 1 });
  hooked.answerWith(JSON_TYPE, sendMessage);
  const ann = await simulator.user("ann");
  await ann.sendText("one");
  await ann.sendText("two");
  assert.equal((await ann.nextMessage()).text, "two");
  await simulator.idle();
  assert.deepEqual(
    simulator.calls.slice(1).map(({ status }) => status),
    [499, 200],
  );
});

test("a mistake within a call ends it in the log", async () => {
  const intercept: Intercept = ({ method }, respond) => {
    if (method === "sendMessage") throw new Error("oops");
    return respond();
  };
  await using hooked = await Hooked.start({ intercept });
  hooked.answerWith(JSON_TYPE, sendMessage);
  const ann = await hooked.simulator.user("ann");
  await ann.sendText("hello");
  await hooked.simulator.idle();
  const { status, error } = hooked.simulator.calls.at(-1)!;
  assert.deepEqual([status, error], [500, "Internal Server Error: oops"]);
});

for (const [what, type, body] of [
  ["a text", "text/plain", "ok"],
  ["a call as text", "text/plain", '{"method":"sendMessage"}'],
  ["JSON that is no object", JSON_TYPE, '"sendMessage"'],
  ["malformed JSON", JSON_TYPE, "ok"],
  ["a malformed form", "multipart/form-data", "method"],
  ["an object without a method", JSON_TYPE, '{"ok":true}'],
  ["an empty method", FORM, "method="],
  ["a method that is no text", JSON_TYPE, '{"method":{"name":"sendMessage"}}'],
  ["a question", JSON_TYPE, '{"method":"getMe"}'],
  ["the end of the webhook", JSON_TYPE, '{"method":"deleteWebhook"}'],
  ["a webhook", JSON_TYPE, '{"method":"setWebhook","url":""}'],
  ["the end of the bot", FORM, "method=LogOut"],
] as [string, string, string][]) {
  test(`an answer is no call, and confirms its update: ${what}`, async () => {
    await using hooked = await Hooked.start();
    hooked.answerWith(type, body);
    const ann = await hooked.simulator.user("ann");
    await ann.sendText("hello");
    await hooked.simulator.idle();
    assert.deepEqual(hooked.called, []);
  });
}

test("a call in an answer other than 2xx is not carried out", async () => {
  await using hooked = await Hooked.start();
  const statuses = [500, 302, 201];
  hooked.answer((_, response) => {
    const status = statuses.shift();
    const body = JSON.stringify({ method: "sendMessage", chat_id: 1, text: `${status}` });
    response.writeHead(status!, { "content-type": JSON_TYPE }).end(body);
  });
  const ann = await hooked.simulator.user("ann");
  await ann.sendText("hello");
  await hooked.simulator.idle();
  assert.deepEqual(
    hooked.simulator.calls.slice(1).map(({ parameters }) => parameters.text),
    ["201"],
  );
});

test("an answer that is longer than a call may be is an error of the webhook", async () => {
  await using hooked = await Hooked.start();
  const { url, token } = hooked.simulator;
  let requests = 0;
  let error: unknown;
  hooked.answer(async (_, response) => {
    requests += 1;
    if (requests === 1) return void response.writeHead(200, { "content-length": 52 * 2 ** 20 }).write("{");
    const info = await fetch(`${url}/bot${token}/getWebhookInfo`);
    error = ((await info.json()) as { result: { last_error_message?: string } }).result.last_error_message;
    response.end();
  });
  const ann = await hooked.simulator.user("ann");
  await ann.sendText("hello");
  await hooked.simulator.idle();
  assert.equal(requests, 2);
  assert.equal(error, "Request Entity Too Large: the limit is 51 MB");
});
