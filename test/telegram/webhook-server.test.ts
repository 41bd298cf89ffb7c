import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, test } from "node:test";
import { ListenError } from "../../src/protocol/errors.ts";
import { webhookSecretsOf } from "../../src/telegram/webhook-secrets.ts";
import { WebhookServer, type WebhookServerOptions } from "../../src/telegram/webhook-server.ts";
import { eventually } from "../eventually.ts";
import { isSettled } from "../settled.ts";

const { segment, secret } = webhookSecretsOf("123456:AAFD39kkdpWt3ywyRZergyOLMaJhac60qcS");

/** A webhook server, and what it stored. */
class Bench implements AsyncDisposable {
  readonly stored: unknown[][] = [];
  readonly errors: Error[] = [];
  readonly logged: string[] = [];
  server!: WebhookServer;

  static async start(options: Partial<WebhookServerOptions> = {}): Promise<Bench> {
    const bench = new Bench();
    bench.server = await WebhookServer.listen({
      host: "127.0.0.1",
      port: 0,
      segment,
      secret,
      isFull: () => false,
      store: async (updates) => void bench.stored.push([...updates]),
      onError: (error) => void bench.errors.push(error),
      log: { warn: (_, message) => void bench.logged.push(message) },
      ...options,
    });
    return bench;
  }

  /** @returns the status of the answer; the changes are to a request of Telegram's */
  async send(update: unknown, { path = `/${segment}?1`, ...changes }: RequestInit & { path?: string } = {}) {
    const response = await fetch(this.server.url + path, {
      method: "POST",
      body: typeof update === "string" ? update : JSON.stringify(update),
      ...changes,
      headers: { "content-type": "application/json", "x-telegram-bot-api-secret-token": secret, ...changes.headers },
    });
    assert.equal(await response.text(), "", "no answer has details");
    return response;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
  }
}

describe("a request to the webhook", () => {
  test("it is answered with 200 only when its update is stored for good", async () => {
    const disk = Promise.withResolvers<void>();
    let stores = 0;
    const store = async () => {
      stores += 1;
      await disk.promise;
    };
    await using bench = await Bench.start({ store });
    const sent = bench.send({ update_id: 1 });
    await eventually(
      () => stores === 1,
      () => stores,
    );
    // An answer to the update would be here before that to a later request on another connection.
    assert.equal((await bench.send("", { path: "/" })).status, 404);
    assert.equal(await isSettled(sent), false);
    disk.resolve();
    assert.equal((await sent).status, 200);
    assert.equal(bench.server.requests.stored, 1);
  });

  test("a proxy may put any prefix before its path", async () => {
    await using bench = await Bench.start();
    assert.equal((await bench.send({ update_id: 1 }, { path: `/bots/mine/${segment}` })).status, 200);
  });

  const long = { update_id: 1, message: { text: "x".repeat(2 ** 20) } };
  const lies: Record<string, [status: number, update: unknown, changes: RequestInit & { path?: string }]> = {
    "another path": [404, {}, { path: "/" }],
    "a path that goes on": [404, {}, { path: `/${segment}x` }],
    "another method": [404, undefined, { method: "PUT" }],
    "no secret": [401, {}, { headers: { "x-telegram-bot-api-secret-token": "" } }],
    "another secret": [401, {}, { headers: { "x-telegram-bot-api-secret-token": `${secret}x` } }],
    "another type of content": [415, {}, { headers: { "content-type": "text/plain" } }],
    "a body that is too long": [413, long, {}],
    "a body that is no JSON": [400, '{"update_id":1', {}],
  };
  for (const [what, [status, update, changes]] of Object.entries(lies)) {
    test(`with ${what} it is answered with ${status}, and nothing is stored`, async () => {
      await using bench = await Bench.start();
      assert.equal((await bench.send(update, changes)).status, status);
      assert.deepEqual(bench.stored, []);
      assert.equal(bench.server.requests.refused, Number(status === 401 || status === 404));
    });
  }

  test("a body of unknown length is limited, too", async () => {
    await using bench = await Bench.start();
    const socket = connect(Number(new URL(bench.server.url).port), "127.0.0.1");
    socket.on("error", () => {});
    const head = [
      `POST /${segment} HTTP/1.1`,
      "host: x",
      "content-type: application/json",
      `x-telegram-bot-api-secret-token: ${secret}`,
      "transfer-encoding: chunked",
    ];
    socket.write(`${head.join("\r\n")}\r\n\r\n`);
    const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
    for (let i = 0; i < 17; i++) socket.write(chunk);
    const [answer] = await once(socket, "data");
    assert.match(String(answer), /^HTTP\/1\.1 413 /);
    socket.destroy();
    assert.deepEqual(bench.stored, []);
  });

  test("a sender that goes on after it was refused gets the answer, and its connection is not reset", async () => {
    await using bench = await Bench.start();
    const socket = connect(Number(new URL(bench.server.url).port), "127.0.0.1");
    const ended = once(socket, "end");
    socket.write(`POST /other HTTP/1.1\r\nhost: x\r\ncontent-length: ${20 * 0x10000}\r\n\r\n`);
    const [answer] = await once(socket, "data");
    assert.match(String(answer), /^HTTP\/1\.1 404 /);
    for (let i = 0; i < 20; i++) await new Promise((resolve) => socket.write(Buffer.alloc(0x10000), resolve));
    await ended;
  });

  test("a sender that neither goes on nor ends after it was refused is cut off", async () => {
    await using bench = await Bench.start();
    const socket = connect(Number(new URL(bench.server.url).port), "127.0.0.1");
    const ended = once(socket, "end");
    socket.write("POST /other HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n");
    socket.resume();
    await ended;
  });

  test("while there is no room it is answered with 503 and a time, its body is not stored, and its connection lives on", async () => {
    let isFull = true;
    await using bench = await Bench.start({ isFull: () => isFull });
    const refused = await bench.send({ update_id: 1 });
    assert.deepEqual([refused.status, refused.headers.get("retry-after")], [503, "2"]);
    assert.notEqual(refused.headers.get("connection"), "close");
    isFull = false;
    assert.equal((await bench.send({ update_id: 1 })).status, 200);
    assert.deepEqual(bench.stored, [[{ update_id: 1 }]]);
    assert.equal(bench.server.requests.postponed, 1);
  });

  test("an update that cannot be stored is not answered with 200", async () => {
    await using bench = await Bench.start({ store: () => Promise.reject(new Error("full disk")) });
    assert.equal((await bench.send({ update_id: 1 })).status, 500);
    assert.deepEqual(
      bench.errors.map(({ message }) => message),
      ["full disk"],
    );
  });
});

test("updates that arrive while others are stored are stored together, in the order of their ids", async () => {
  const disk = Promise.withResolvers<void>();
  const stored: unknown[][] = [];
  let arrived = 0;
  const store = async (updates: readonly unknown[]) => {
    stored.push([...updates]);
    if (stored.length === 1) await disk.promise;
  };
  await using bench = await Bench.start({ store, isFull: () => ++arrived < 0 });
  const first = bench.send({ update_id: 9 });
  await eventually(
    () => stored.length === 1,
    () => stored,
  );
  const others = [5, 3, 4].map((update_id) => bench.send({ update_id }));
  await eventually(
    () => arrived === 4,
    () => arrived,
  );
  // Their bodies have come once a later request on another connection has been answered.
  assert.equal((await bench.send("", { path: "/" })).status, 404);
  disk.resolve();
  for (const { status } of await Promise.all([first, ...others])) assert.equal(status, 200);
  const batches = [[9], [3, 4, 5]];
  assert.deepEqual(
    stored,
    batches.map((ids) => ids.map((update_id) => ({ update_id }))),
  );
});

describe("close()", () => {
  test("it stores and answers what has arrived, and breaks off what has not", async () => {
    const disk = Promise.withResolvers<void>();
    const stored: unknown[] = [];
    const store = async (updates: readonly unknown[]) => {
      stored.push(...updates);
      await disk.promise;
    };
    const { server } = await Bench.start({ store });
    const bench = Object.assign(new Bench(), { server });
    const whole = bench.send({ update_id: 1 });
    await eventually(
      () => stored.length === 1,
      () => stored,
    );
    const half = connect(Number(new URL(server.url).port), "127.0.0.1");
    half.on("error", () => {});
    const broken = new Promise((resolve) => half.once("close", resolve));
    await once(half, "connect");
    half.write(
      `POST /${segment} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nx-telegram-bot-api-secret-token: ${secret}\r\ncontent-length: 99\r\n\r\n{`,
    );
    const closed = server.close();
    disk.resolve();
    assert.equal((await whole).status, 200);
    await Promise.all([closed, broken]);
    assert.deepEqual(stored, [{ update_id: 1 }]);
  });
});

test("a server that is drained has answered what had arrived, and answers 503 from then on", async () => {
  const disk = Promise.withResolvers<void>();
  let stores = 0;
  const store = async () => {
    stores += 1;
    await disk.promise;
  };
  await using bench = await Bench.start({ store });
  const arrived = bench.send({ update_id: 1 });
  await eventually(
    () => stores === 1,
    () => stores,
  );
  const drained = bench.server.drain();
  assert.equal((await bench.send({ update_id: 2 })).status, 503);
  assert.equal(await isSettled(drained), false);
  disk.resolve();
  assert.equal((await arrived).status, 200);
  await drained;
  assert.equal(stores, 1);
});

test("an address in use is an error that names the option", async () => {
  await using bench = await Bench.start();
  const port = Number(new URL(bench.server.url).port);
  await assert.rejects(Bench.start({ port }), (error) => {
    return error instanceof ListenError && /127\.0\.0\.1:\d+ .*--webhook-listen/.test(error.message);
  });
});
