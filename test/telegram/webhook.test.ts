import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  ConfigError,
  ConflictError,
  NetworkError,
  TelegramError,
  TokenRejectedError,
} from "../../src/protocol/errors.ts";
import { Webhook, type WebhookOptions } from "../../src/telegram/webhook.ts";

const TOKEN = "123456:AAFD39kkdpWt3ywyRZergyOLMaJhac60qcS";

/** A webhook, a Telegram that keeps its URL, and a clock that moves when the webhook waits. */
class Bench {
  readonly calls: string[] = [];
  readonly waits: number[] = [];
  readonly logged: string[] = [];
  readonly stopping = new AbortController();
  /** The webhook that is set. */
  info = { url: "", pending_update_count: 0 } as Record<string, unknown>;
  /** Fails or changes a call. */
  fault: (method: string) => void = () => {};
  /** Called at the end of each wait. */
  waited: (waits: number) => void = () => {};
  now = 0;
  readonly webhook: Webhook;

  constructor(options: Partial<WebhookOptions> = {}) {
    const log = (level: string) => (fields: object, message: string) =>
      void this.logged.push(`${level}: ${message} ${JSON.stringify(fields)}`);
    this.webhook = new Webhook({
      token: TOKEN,
      url: "https://bot.example.com",
      listen: { host: "127.0.0.1", port: 0 },
      maxConnections: 7,
      certificate: false,
      key: false,
      allowedUpdates: () => ["message"],
      call: async (method, parameters) => this.#call(method, parameters as { url: string }),
      post: async () => assert.fail("nothing is uploaded"),
      received: async (updates) => updates.length,
      isFull: () => false,
      log: { warn: log("warn"), info: log("info"), debug: log("debug") },
      now: () => this.now,
      wait: async (milliseconds) => {
        this.now += milliseconds;
        this.waits.push(milliseconds);
        this.waited(this.waits.length);
      },
      ...options,
    });
  }

  /** Runs until it has waited so often. */
  async run(waits: number): Promise<void> {
    const { waited } = this;
    this.waited = (count) => {
      waited(count);
      if (count === waits) this.stopping.abort();
    };
    await this.webhook.run(this.stopping.signal);
  }

  /** Sends an update as Telegram does. @returns the status of the answer */
  async send(update: object): Promise<number> {
    const listening = this.logged.find((line) => /listening for the webhook/.test(line))!;
    const { pathname } = new URL(String(this.info.url));
    const response = await fetch(JSON.parse(listening.slice(listening.indexOf("{"))).url + pathname, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-telegram-bot-api-secret-token": String(this.info.secret_token),
      },
      body: JSON.stringify(update),
    });
    return response.status;
  }

  #call(method: string, parameters: { url: string }): unknown {
    this.calls.push(method);
    this.fault(method);
    if (method === "setWebhook") this.info = { ...this.info, ...parameters };
    if (method === "deleteWebhook") this.info = { ...this.info, url: "" };
    return method === "getWebhookInfo" ? this.info : true;
  }
}

test("it sets the webhook, checks it every 30 s, and deletes it at the stop", async () => {
  const bench = new Bench();
  assert.deepEqual(bench.webhook.state.webhook?.isSet, false);
  let set: Record<string, unknown> = {};
  bench.waited = () => {
    if (bench.waits.length === 1) set = { ...bench.info };
    // The same URL in another spelling is still its own.
    bench.info.url = String(bench.info.url).replace("bot.example.com", "BOT.example.com:443");
    bench.info.pending_update_count = 3;
  };
  await bench.run(3);
  assert.deepEqual(bench.calls, ["setWebhook", "getWebhookInfo", "getWebhookInfo", "getWebhookInfo", "deleteWebhook"]);
  assert.deepEqual(bench.waits, [30_000, 30_000, 30_000]);
  assert.match(String(set.url), /^https:\/\/bot\.example\.com\/[\w-]{43}\?\d+$/);
  assert.match(String(set.secret_token), /^[\w-]{43}$/);
  assert.deepEqual([set.max_connections, set.allowed_updates], [7, ["message"]]);
  assert.equal(bench.webhook.state.webhook?.pending, 3);
  const secrets = [TOKEN, String(set.secret_token), new URL(String(set.url)).pathname.slice(1)];
  for (const secret of secrets) assert.ok(!bench.logged.join().includes(secret), bench.logged.join("\n"));
});

test("servers that share an inbox set the same webhook, and the last one deletes it", async () => {
  let others = 1;
  const election = { isElected: false, isAlone: async () => others === 0, onChange: () => () => {}, giveUp() {} };
  const [one, other] = [new Bench({ election }), new Bench({ election })];
  await one.run(1);
  await other.run(1);
  assert.match(String(one.info.url), /^https:\/\/bot\.example\.com\/[\w-]{43}$/);
  assert.equal(one.info.url, other.info.url);
  assert.equal(await one.webhook.skipPending(AbortSignal.timeout(1000)), false);
  assert.ok(!one.calls.includes("deleteWebhook"));
  others = 0;
  const last = new Bench({ election });
  await last.run(1);
  assert.equal(last.calls.at(-1), "deleteWebhook");
});

test("a webhook that somebody deleted is set again, and said once", async () => {
  const bench = new Bench();
  bench.waited = (count) => {
    if (count === 1) bench.info.url = "";
  };
  await bench.run(2);
  assert.deepEqual(bench.calls.slice(0, 3), ["setWebhook", "getWebhookInfo", "setWebhook"]);
  assert.equal(bench.logged.filter((line) => /the webhook is gone/.test(line)).length, 1);
});

test("code that was reloaded and asks for other kinds of update gets them", async () => {
  let kinds = ["message"];
  const bench = new Bench({ allowedUpdates: () => kinds });
  bench.waited = (count) => {
    if (count === 2) kinds = ["message", "message_reaction"];
  };
  await bench.run(4);
  const calls = ["setWebhook", "getWebhookInfo", "getWebhookInfo", "setWebhook", "getWebhookInfo"];
  assert.deepEqual(bench.calls.slice(0, -2), calls);
  assert.deepEqual(bench.info.allowed_updates, ["message", "message_reaction"]);
});

test("another webhook is waited for, not fought, and ends the run after a minute; it is not deleted", async () => {
  const bench = new Bench();
  bench.waited = (count) => {
    if (count === 1) bench.info.url = "https://other.example.com/secret";
    if (count === 2) assert.equal(bench.webhook.state.webhook?.isSet, false);
  };
  await assert.rejects(bench.run(10), (error) => {
    return error instanceof ConflictError && error.kind === "webhook" && /other\.example\.com/.test(error.message);
  });
  assert.equal(bench.waits.length, 3);
  assert.equal(bench.info.url, "https://other.example.com/secret");
  assert.ok(!bench.logged.join().includes("/secret"));
});

describe("a failure", () => {
  test("Telegram out of reach is waited for, and logged once", async () => {
    const bench = new Bench();
    let failures = 0;
    bench.fault = (method) => {
      if (method === "setWebhook" && ++failures <= 4) throw new NetworkError(method, "none", "ECONNREFUSED");
    };
    bench.waited = (count) => {
      if (count === 4) assert.equal(bench.webhook.state.failures, 4);
    };
    await bench.run(5);
    assert.equal(bench.webhook.state.failures, 0);
    assert.equal(bench.logged.filter((line) => /trying again/.test(line)).length, 1);
    assert.ok(bench.logged.some((line) => /in order again.*"failures":4/.test(line)));
  });

  test("a refusal of the webhook ends the run with Telegram's words, a host that is not found does not", async () => {
    const bench = new Bench();
    const refusals = [
      "Bad Request: bad webhook: Failed to resolve host: No address",
      "Bad Request: bad webhook: no TLS",
    ];
    bench.fault = (method) => {
      if (method === "setWebhook") throw new TelegramError(method, 400, refusals.shift()!);
    };
    await assert.rejects(
      bench.run(9),
      (error) => error instanceof ConfigError && /bad webhook: no TLS/.test(error.message),
    );
    assert.equal(bench.waits.length, 1);
  });

  test("a token that is revoked ends the run", async () => {
    const bench = new Bench();
    bench.fault = (method) => {
      if (method === "getWebhookInfo") throw new TelegramError(method, 401, "Unauthorized");
    };
    await assert.rejects(bench.run(9), TokenRejectedError);
  });

  test("a webhook that cannot be deleted in time does not keep the stop", async () => {
    const bench = new Bench();
    bench.fault = (method) => {
      if (method === "deleteWebhook") throw new NetworkError(method, "unknown", "no answer in time");
    };
    await bench.run(1);
    assert.ok(bench.logged.some((line) => /^debug: the webhook was not deleted/.test(line)));
  });

  test("a delivery that failed is logged once, with Telegram's words", async () => {
    const bench = new Bench();
    const error = "Wrong response from the webhook: 502 Bad Gateway";
    bench.waited = (count) => {
      bench.info = { ...bench.info, last_error_date: Date.now() + count, last_error_message: error };
    };
    await bench.run(4);
    assert.equal(bench.logged.filter((line) => /could not deliver.*502 Bad Gateway/.test(line)).length, 1);
  });

  test("a certificate that cannot be read ends the run with its option", async () => {
    const bench = new Bench({ certificate: "/nowhere/cert.pem" });
    await assert.rejects(
      bench.run(1),
      (error) => error instanceof ConfigError && /--webhook-certificate: \/nowhere/.test(error.message),
    );
  });
});

test("an update that fills the inbox is stored without a wait for room, and answered", async () => {
  const waits: boolean[] = [];
  const answered = Promise.withResolvers<number>();
  const bench = new Bench({
    received: async (_, { aborted }) => waits.push(!aborted),
    wait: async () => {
      answered.resolve(await bench.send({ update_id: 1 }));
      bench.stopping.abort();
    },
  });
  await bench.webhook.run(bench.stopping.signal);
  assert.equal(await answered.promise, 200);
  assert.deepEqual(waits, [false]);
});

test("an update that cannot be stored ends the run", async () => {
  const error = new Error("the disk is full");
  const bench: Bench = new Bench({
    received: () => Promise.reject(error),
    wait: async () => void (await bench.send({ update_id: 1 })),
  });
  await assert.rejects(bench.webhook.run(bench.stopping.signal), error);
  assert.equal(bench.info.url, "");
  bench.stopping.abort();
});

test("skipPending() has Telegram drop what waits, and says whether anything did", async () => {
  const bench = new Bench();
  bench.info.pending_update_count = 2;
  assert.equal(await bench.webhook.skipPending(AbortSignal.timeout(60_000)), true);
  assert.deepEqual(bench.calls, ["getWebhookInfo", "deleteWebhook"]);
});
