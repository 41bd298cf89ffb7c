/** Updates by webhook, from the real command line to a simulator that sends them as Telegram does. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Simulator, type SimulatorOptions } from "../../simulator/index.ts";
import { unsettledIn } from "../chaos/inbox-file.ts";
import { eventually } from "../eventually.ts";
import { Folder } from "../folder.ts";
import { Place } from "../inbox/postgres/database.ts";
import { Certificate } from "../network/certificate.ts";
import { freePort } from "../network/free-port.ts";
import { sharedServer } from "../postgres/shared-server.ts";
import { Bot, BotHere, callsOf, confirmed, message, nextText } from "./bot.ts";

const address = await sharedServer();

/** A simulator that calls webhooks, with short pauses between attempts, and a bot with an inbox in a file. */
class WebhookBench implements AsyncDisposable {
  readonly simulator: Simulator;
  readonly folder = new Folder();
  readonly inbox: string;
  readonly #port: number;
  readonly #bots: (Bot | BotHere)[] = [];

  private constructor(simulator: Simulator, port: number, inbox: string | undefined) {
    this.simulator = simulator;
    this.#port = port;
    this.inbox = inbox ?? this.folder.join("inbox.sqlite");
  }

  /** @param inbox address of a database */
  static async start(options: SimulatorOptions = {}, inbox?: string): Promise<WebhookBench> {
    return new WebhookBench(await Simulator.start({ webhooks: { second: 20 }, ...options }), await freePort(), inbox);
  }

  /** Arguments that make the bot receive by webhook. */
  get webhook(): string[] {
    return webhookAt(this.#port);
  }

  bot(app: string, ...args: string[]): Promise<BotHere> {
    return this.#started(new BotHere(`apps/${app}.ts`, this.simulator, this.#with(args)));
  }

  /** Like `bot`, in a process of its own. */
  process(app: string, ...args: string[]): Promise<Bot> {
    return this.#started(new Bot(`apps/${app}.ts`, this.simulator, this.#with(args)));
  }

  /** Starts `programs/<name>.ts`, a bot's own program. */
  program(name: string, ...args: string[]): Promise<BotHere> {
    const env = { ASGIGRAM_TOKEN: "", BOT_TOKEN: this.simulator.token };
    return this.#started(new BotHere(`programs/${name}.ts`, this.simulator, this.#with(args), { env }));
  }

  #with(args: readonly string[]): string[] {
    return ["--workers", "1", "--inbox", this.inbox, ...args];
  }

  async #started<Either extends Bot | BotHere>(bot: Either): Promise<Either> {
    this.#bots.push(bot);
    await bot.process.says("serving");
    return bot;
  }

  /** The texts of the messages to the chat so far. */
  said(chat: number): string[] {
    const calls = this.simulator.calls.filter(({ method }) => method === "sendMessage");
    return calls.filter(({ parameters }) => parameters.chat_id === chat).map(({ parameters }) => `${parameters.text}`);
  }

  async info(): Promise<Record<string, unknown>> {
    const response = await fetch(`${this.simulator.url}/bot${this.simulator.token}/getWebhookInfo`);
    return ((await response.json()) as { result: Record<string, unknown> }).result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const bot of this.#bots) await bot[Symbol.asyncDispose]();
    await this.simulator.close();
    this.folder[Symbol.dispose]();
  }
}

function webhookAt(port: number): string[] {
  return ["--webhook", `http://127.0.0.1:${port}/bots`, "--webhook-listen", `127.0.0.1:${port}`];
}

/** The text that apps/echo.ts answered to. */
const echoed = (answer: string | undefined) => JSON.parse(answer ?? "null")?.text;

describe("a bot with --webhook", () => {
  test("it sets the webhook, answers without polling, and deletes the webhook at the stop", async () => {
    await using bench = await WebhookBench.start();
    const { simulator } = bench;
    const bot = await bench.bot("echo", ...bench.webhook, "--allowed-updates", "message");
    const ann = await simulator.user("ann");
    await ann.sendText("hello");
    assert.equal(echoed(await nextText(ann)), "hello");
    await confirmed(simulator);
    const info = await bench.info();
    assert.deepEqual([info.max_connections, info.allowed_updates, info.pending_update_count], [40, ["message"], 0]);
    assert.ok(!simulator.calls.some(({ method }) => method === "getUpdates"));
    const { parameters } = simulator.calls.find(({ method }) => method === "setWebhook")!;
    const secrets = [String(parameters.secret_token), new URL(String(parameters.url)).pathname.split("/").at(-1)!];
    assert.equal((await bot.end()).code, 0);
    assert.equal((await bench.info()).url, "");
    for (const secret of [...secrets, simulator.token]) {
      assert.ok(secret.length >= 40 && !bot.process.stderr.includes(secret), bot.process.stderr);
    }
  });

  test("a bot's own program that polls receives by webhook, and knows nothing of it", async () => {
    await using bench = await WebhookBench.start();
    const bot = await bench.program("grammy", ...bench.webhook);
    const ann = await bench.simulator.user("ann");
    for (const count of [1, 2]) {
      await ann.sendText("/count");
      assert.equal(await nextText(ann), `count ${count}`);
    }
    assert.ok(!bench.simulator.calls.some(({ method }) => method === "getUpdates"));
    assert.equal((await bot.end()).code, 0);
  });

  test("an update passes from polling to the webhook and back once, and what waits at Telegram meanwhile is handled", async () => {
    await using bench = await WebhookBench.start();
    const { simulator } = bench;
    const expected: string[] = [];
    for (const [i, args] of [[], bench.webhook, []].entries()) {
      expected.push(`waiting ${i}`, `served ${i}`);
      await simulator.push(message(1, `waiting ${i}`));
      const bot = await bench.bot("echo", ...args);
      await simulator.push(message(1, `served ${i}`));
      await callsOf(simulator, "sendMessage", expected.length);
      assert.equal((await bot.end()).code, 0, bot.process.stderr);
    }
    assert.deepEqual(bench.said(1).map(echoed), expected);
  });

  test("a second process with the same webhook takes over, and the first leaves the webhook alone when it stops", async () => {
    await using bench = await WebhookBench.start();
    const { simulator } = bench;
    const first = await bench.bot("echo", ...bench.webhook, "--no-inbox");
    await first.logged(({ msg }) => msg === "the webhook is set");
    const second = await bench.bot("echo", ...webhookAt(await freePort()), "--no-inbox");
    await second.logged(({ msg }) => msg === "the webhook is set");
    assert.equal((await first.end()).code, 0);
    await simulator.push(message(1, "hello"));
    await callsOf(simulator, "sendMessage", 1);
    assert.equal((await second.end()).code, 0);
    assert.equal((await bench.info()).url, "");
  });

  test("two machines that share an inbox both take updates, handle each once, and the last one deletes the webhook", async (t) => {
    const place = new Place(t, address);
    await using bench = await WebhookBench.start({ token: `${place.bot}:${"x".repeat(35)}` }, address);
    const { simulator } = bench;
    const ports = [await freePort(), await freePort()];
    // As behind a load balancer.
    const url = ["--webhook", "https://bot.example.com/bots"];
    const start = (port: number) => bench.bot("echo", ...url, "--webhook-listen", `127.0.0.1:${port}`);
    const [first, second] = [await start(ports[0]!), await start(ports[1]!)];
    for (const bot of [first, second]) await bot.logged(({ msg }) => msg === "the webhook is set");
    const set = simulator.calls.filter(({ method }) => method === "setWebhook").map(({ parameters }) => parameters);
    assert.equal(new Set(set.map(({ url }) => url)).size, 1);
    const { pathname } = new URL(String(set[0]!.url));
    const headers = {
      "Content-Type": "application/json",
      "X-Telegram-Bot-Api-Secret-Token": `${set[0]!.secret_token}`,
    };
    const texts = Array.from({ length: 10 }, (_, i) => `${i}`);
    for (const [i, text] of texts.entries()) {
      const body = JSON.stringify({ update_id: i + 1, ...message(1, text) });
      // Each comes to both, as after an answer that was lost.
      const answers = ports.map((port) =>
        fetch(`http://127.0.0.1:${port}${pathname}`, { method: "POST", headers, body }),
      );
      for (const { status } of await Promise.all(answers)) assert.equal(status, 200);
    }
    await callsOf(simulator, "sendMessage", texts.length);
    assert.equal((await first.end()).code, 0);
    assert.notEqual((await bench.info()).url, "");
    assert.equal((await second.end()).code, 0);
    assert.equal((await bench.info()).url, "");
    assert.deepEqual(bench.said(1).map(echoed), texts);
  });

  test("with --webhook-max-connections 1 updates arrive one after the other", async () => {
    await using bench = await WebhookBench.start();
    const { simulator } = bench;
    const bot = await bench.bot("echo", ...bench.webhook, "--webhook-max-connections", "1", "--log-level", "trace");
    await bot.logged(({ msg }) => msg === "the webhook is set");
    await simulator.pushMany(Array.from({ length: 50 }, (_, i) => message(1 + (i % 7), `${i}`)));
    await callsOf(simulator, "sendMessage", 50);
    assert.equal((await bench.info()).max_connections, 1);
    const ids = bot.log.filter(({ msg }) => msg === "received an update").map(({ update_id }) => Number(update_id));
    assert.deepEqual([ids.length, ids], [50, ids.toSorted((a, b) => a - b)]);
    assert.equal((await bot.end()).code, 0);
  });

  test("a certificate of its own is uploaded, and the server speaks TLS with it", async () => {
    await using bench = await WebhookBench.start();
    using certificate = new Certificate();
    const key = bench.folder.write("key.pem", certificate.key);
    const args = bench.webhook.map((arg) => arg.replace("http:", "https:"));
    const bot = await bench.bot("echo", ...args, "--webhook-certificate", certificate.path, "--webhook-key", key);
    await bench.simulator.push(message(1, "hello"));
    await callsOf(bench.simulator, "sendMessage", 1);
    assert.equal((await bench.info()).has_custom_certificate, true);
    assert.equal((await bot.end()).code, 0);
  });

  test("a full inbox makes updates wait at Telegram, and all are handled in the end, in order", async () => {
    let isHeld = true;
    const gate = Promise.withResolvers<void>();
    await using bench = await WebhookBench.start({
      intercept: async ({ method }, respond) => {
        if (method === "sendMessage" && isHeld) await gate.promise;
        return await respond();
      },
    });
    const { simulator } = bench;
    const [limit, connections] = [20, 40];
    const bot = await bench.bot("echo", ...bench.webhook, "--inbox-limit", `${limit}`, "--listen", "127.0.0.1:0");
    const { url } = await bot.logged(({ msg }) => msg === "listening");
    await bot.logged(({ msg }) => msg === "the webhook is set");
    const count = 100;
    await simulator.pushMany(Array.from({ length: count }, (_, i) => message(1 + (i % 5), `${i}`)));
    await eventually(
      async () => /503 Service Unavailable/.test(`${(await bench.info()).last_error_message}`),
      bench.info.bind(bench),
    );
    assert.ok(simulator.pending > 0);
    const ready = await fetch(`${url}/readyz`);
    assert.equal(ready.status, 503);
    assert.match(await ready.text(), /"check":"webhook","reason":"updates wait at Telegram since/);
    assert.match(await (await fetch(`${url}/metrics`)).text(), /webhook_requests_total\{outcome="postponed"\} [1-9]/);
    assert.equal((await bench.info()).max_connections, connections);
    const unsettled = unsettledIn(bench.inbox);
    assert.ok(unsettled >= limit && unsettled <= limit + connections, `${unsettled} events`);
    isHeld = false;
    gate.resolve();
    await callsOf(simulator, "sendMessage", count);
    for (const chat of [1, 2, 3, 4, 5]) {
      const texts = bench.said(chat).map(echoed).map(Number);
      assert.deepEqual(
        texts,
        Array.from({ length: count / 5 }, (_, i) => 5 * i + chat - 1),
      );
    }
    assert.equal((await bot.end()).code, 0);
  });

  test("a bot that is killed in mid-load loses nothing", async () => {
    await using bench = await WebhookBench.start();
    const { simulator } = bench;
    const [chats, rounds, size] = [20, 3, 120];
    const count = rounds * size;
    const waiting: number[] = [];
    let bot = await bench.process("echo", ...bench.webhook);
    for (let round = 0; round < rounds; round++) {
      const texts = Array.from({ length: size }, (_, i) => round * size + i);
      await simulator.pushMany(texts.map((i) => message(1 + (i % chats), `${i}`)));
      await callsOf(simulator, "sendMessage", round * size + size / 6);
      await bot.end("SIGKILL");
      waiting.push(simulator.pending);
      bot = await bench.process("echo", ...bench.webhook);
    }
    assert.ok(Math.max(...waiting) > 0, "it was killed while Telegram still had updates");
    const distinct = (chat: number) => [...new Set(bench.said(chat).map(echoed).map(Number))];
    const all = () => Array.from({ length: chats }, (_, i) => distinct(i + 1));
    await eventually(
      () => all().flat().length === count,
      () => [all(), simulator.pending, bot.log.slice(-10)],
    );
    for (const [i, texts] of all().entries()) {
      assert.deepEqual(
        texts,
        Array.from({ length: count / chats }, (_, k) => k * chats + i),
        `order of chat ${i + 1}`,
      );
    }
    assert.equal((await bot.end()).code, 0);
    assert.equal(simulator.pending, 0);
  });

  test("a webhook that Telegram refuses ends the start with Telegram's reason", async () => {
    await using bench = await WebhookBench.start({ webhooks: false });
    const bot = await bench.bot("echo", ...bench.webhook);
    const { code, stderr } = await bot.process.exit();
    assert.equal(code, 2);
    assert.match(stderr, /Telegram refuses the webhook: .*An HTTPS URL must be provided/);
  });
});
