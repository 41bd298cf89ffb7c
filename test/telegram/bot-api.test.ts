import assert from "node:assert/strict";
import { getEventListeners, once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import { inspect } from "node:util";
import { type AsgigramError, NetworkError, TelegramError } from "../../src/protocol/errors.ts";
import type { Call } from "../../src/protocol/port.ts";
import { BotApi, type BotApiOptions } from "../../src/telegram/bot-api.ts";
import { Listener } from "../network/listener.ts";
import { Deadlines } from "./deadlines.ts";

const TOKEN = "123456:AAsecret-token_of_this_bot";
const POLL = { offset: 5, limit: 100, timeout: 0, allowed_updates: ["message"] };
const never = new AbortController().signal;

/** A call without parameters, as an application sends it. */
const plain = (method: string): Call => ({ method, lane: undefined, body: "{}" });

/** Listens on a port of its own until the test is over. @returns its address */
async function listen(t: TestContext, server: Server): Promise<string> {
  const listener = new Listener(server);
  await listener.listen(0, "127.0.0.1");
  t.after(() => listener[Symbol.asyncDispose]());
  return `http://127.0.0.1:${listener.port}`;
}

/** A client of the server. */
function client(t: TestContext, apiUrl: string, options: Partial<BotApiOptions> = {}): BotApi {
  const api = new BotApi({ token: TOKEN, apiUrl, ...options });
  t.after(() => api.close());
  return api;
}

/** A client of an HTTP server that answers as the handler does. */
async function http(
  t: TestContext,
  handler: (response: ServerResponse, request: IncomingMessage, body: string) => void,
  options: Partial<BotApiOptions> = {},
): Promise<BotApi> {
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    handler(response, request, body);
  });
  return client(t, await listen(t, server), options);
}

/** A client of a TCP server whose handler is called with each request. */
async function tcp(
  t: TestContext,
  handler: (socket: Socket, connection: number) => void,
  options: Partial<BotApiOptions> = {},
): Promise<BotApi> {
  let connections = 0;
  const server = createTcpServer((socket) => {
    const connection = ++connections;
    socket.once("data", () => handler(socket, connection));
  });
  return client(t, await listen(t, server), options);
}

function answer(response: ServerResponse, status: number, body: string | object, headers: Record<string, string> = {}) {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

/** The error that a call fails with; asserts that it does not show the token. */
async function failure<T extends AsgigramError>(call: Promise<unknown>, kind: new (...args: never[]) => T): Promise<T> {
  const error = await call.then(
    (result) => assert.fail(`succeeded with ${inspect(result)}`),
    (error: unknown) => error,
  );
  assert.ok(error instanceof kind, inspect(error));
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    for (const text of [cause.message, String(cause), cause.stack ?? ""]) assert.doesNotMatch(text, /AAsecret/);
  }
  for (const showHidden of [false, true]) {
    assert.doesNotMatch(inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden }), /AAsecret/);
  }
  assert.doesNotMatch(JSON.stringify(error), /AAsecret/);
  return error;
}

describe("a call that succeeds", () => {
  test("a call resolves with the result; the method is in the path, the parameters are JSON", async (t) => {
    const seen: unknown[] = [];
    const api = await http(t, (response, { method, url, headers }, body) => {
      seen.push(method, url, headers["content-type"], body);
      answer(response, 200, { ok: true, result: { message_id: 7, text: "Grüße 🎈" } });
    });
    const message = await api.call("sendMessage", { chat_id: 1, text: "Grüße 🎈" });
    assert.deepEqual(message, { message_id: 7, text: "Grüße 🎈" });
    const body = '{"chat_id":1,"text":"Grüße 🎈"}';
    assert.deepEqual(seen, ["POST", `/bot${TOKEN}/sendMessage`, "application/json", body]);
  });

  test("the answer to an application's call is handed on as it came", async (t) => {
    const text = '{"ok":true,"result":[{"id":12345678901234567890}]}';
    const api = await http(t, (response) => answer(response, 200, text));
    assert.equal(await api.make(plain("getChat")), text);
  });

  test("an answer may contain spaces, as other servers write JSON", async (t) => {
    const api = await http(t, (response) => answer(response, 200, '{ "ok": true, "result": 5 }\n'));
    assert.equal(await api.call("getChatMemberCount"), 5);
    assert.deepEqual(JSON.parse((await api.make(plain("getChatMemberCount"))) as string), { ok: true, result: 5 });
  });

  test("an answer may have any content type", async (t) => {
    const api = await http(t, (response) =>
      answer(response, 200, '{"ok":true,"result":true}', { "content-type": "text/html" }),
    );
    assert.equal(await api.call("setMyCommands"), true);
  });

  test("an answer may be large, and come in pieces that split a character", async (t) => {
    const text = "ж".repeat(2_000_000);
    const api = await http(t, (response) => {
      const bytes = Buffer.from(JSON.stringify({ ok: true, result: text }));
      response.write(bytes.subarray(0, 1_000_021));
      setImmediate(() => response.end(bytes.subarray(1_000_021)));
    });
    assert.equal(await api.call("getFile"), text);
  });

  test("a path in --api-url is kept as a prefix, with or without a slash at its end", async (t) => {
    const paths: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      paths.push(request.url);
      answer(response, 200, { ok: true, result: request.url!.endsWith("getMe") ? { id: 1 } : [] });
    });
    const origin = await listen(t, server);
    for (const prefix of ["", "/", "/telegram", "/a/b/", "/a//"]) {
      const api = client(t, origin + prefix);
      await api.getMe();
      await api.getUpdates(POLL, never);
    }
    const prefixes = ["", "", "/telegram", "/a/b", "/a"].map((prefix) => `${prefix}/bot${TOKEN}`);
    assert.deepEqual(
      paths,
      prefixes.flatMap((path) => [`${path}/getMe`, `${path}/getUpdates`]),
    );
  });
});

describe("a refusal", () => {
  test("a refusal becomes a TelegramError with everything that Telegram said", async (t) => {
    const api = await http(t, (response) =>
      answer(response, 400, {
        ok: false,
        error_code: 400,
        description: "Bad Request: group chat was upgraded to a supergroup chat",
        parameters: { migrate_to_chat_id: -1001 },
      }),
    );
    const error = await failure(api.call("sendMessage"), TelegramError);
    assert.equal(error.method, "sendMessage");
    assert.equal(error.error_code, 400);
    assert.equal(error.description, "Bad Request: group chat was upgraded to a supergroup chat");
    assert.deepEqual(error.parameters, { migrate_to_chat_id: -1001 });
    assert.equal(error.message, `sendMessage: 400 ${error.description}`);
  });

  for (const code of [400, 401, 403, 404, 409, 413, 421, 429, 500, 502, 503]) {
    test(`a refusal with code ${code} keeps its code`, async (t) => {
      const body = { ok: false, error_code: code, description: "No" };
      const api = await http(t, (response) => answer(response, code, body));
      const error = await failure(api.make(plain("sendMessage")), TelegramError);
      assert.deepEqual([error.error_code, error.description, error.parameters], [code, "No", {}]);
    });
  }

  test("a refusal is one with any HTTP status", async (t) => {
    const api = await http(t, (response) => answer(response, 200, { ok: false, error_code: 403, description: "No" }));
    assert.equal((await failure(api.call("sendMessage"), TelegramError)).error_code, 403);
  });

  test("a refusal without code and description has the HTTP status", async (t) => {
    const api = await http(t, (response) => answer(response, 418, { ok: false }));
    assert.equal((await failure(api.call("sendMessage"), TelegramError)).error_code, 418);
  });

  test("a refusal has only fields of the right type", async (t) => {
    const parameters = { retry_after: "soon", migrate_to_chat_id: -1001, nested: {} };
    const api = await http(t, (response) => answer(response, 400, { ok: false, description: {}, parameters }));
    const error = await failure(api.call("sendMessage"), TelegramError);
    assert.equal(error.description, "no description");
    assert.deepEqual(error.parameters, { migrate_to_chat_id: -1001 });
  });

  test("a refusal that quotes the request does not show the token", async (t) => {
    const api = await http(t, (response, { url }) =>
      answer(response, 404, { ok: false, error_code: 404, description: `no route for ${url}` }),
    );
    const error = await failure(api.call("sendMessage"), TelegramError);
    assert.equal(error.description, "no route for /bot<token>/sendMessage");
  });

  test("a 429 names its wait in its parameters, or else in its header", async (t) => {
    const description = "Too Many Requests";
    const answers: [body: object | string, headers: Record<string, string>, seconds: number | undefined][] = [
      [{ ok: false, error_code: 429, description, parameters: { retry_after: 7 } }, { "retry-after": "9" }, 7],
      [{ ok: false, error_code: 429, description }, { "retry-after": "9" }, 9],
      [{ ok: false, error_code: 429, description }, {}, undefined],
      ["<h1>429 Too Many Requests</h1>", { "retry-after": "11", "content-type": "text/html" }, 11],
      ["<h1>429 Too Many Requests</h1>", { "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT" }, undefined],
    ];
    for (const [body, headers, seconds] of answers) {
      const api = await http(t, (response) => answer(response, 429, body, headers));
      const error = await failure(api.call("sendMessage"), TelegramError);
      assert.equal(error.error_code, 429);
      assert.equal(error.parameters.retry_after, seconds);
    }
  });
});

describe("an answer that is not one of the Bot API", () => {
  test("an error page with a 5xx status is the server's fault", async (t) => {
    const page = "<html><body><h1>502 Bad Gateway</h1></body></html>";
    const api = await http(t, (response) => answer(response, 502, page, { "content-type": "text/html" }));
    const error = await failure(api.call("sendMessage"), TelegramError);
    assert.equal(error.error_code, 502);
  });

  const others: [what: string, status: number, body: string][] = [
    ["an HTML page", 200, "<html><body>Welcome to nginx!</body></html>"],
    ["an HTML page", 404, "<html><body>Not Found</body></html>"],
    ["an empty body", 200, ""],
    ["JSON of another kind", 200, '{"hello":"world"}'],
    ["JSON that is not an object", 200, "null"],
    ["JSON that is not an object", 200, '"ok"'],
    ["a refusal without a reason", 200, '{"ok":false}'],
    ["a refusal with a code that is not a number", 400, '{"ok":false,"error_code":"400"}'],
    ["a refusal with a success's code", 400, '{"ok":false,"error_code":200}'],
    ["a success with another status", 404, '{"ok":true,"result":1}'],
    ["a redirection", 302, ""],
  ];
  for (const [what, status, body] of others) {
    test(`an answer leaves it unknown what has happened: ${what}, ${status}`, async (t) => {
      const api = await http(t, (response) => answer(response, status, body, { location: "http://127.0.0.1:1/" }));
      const error = await failure(api.call("sendMessage"), NetworkError);
      assert.equal(error.delivery, "unknown");
      assert.match(error.reason, new RegExp(`HTTP ${status}`));
    });
  }

  test("an answer that is not HTTP leaves it unknown, too, even one that is the request itself", async (t) => {
    for (const server of [
      createTcpServer((socket) => socket.pipe(socket)),
      createTcpServer((socket) => socket.end("?")),
    ]) {
      const error = await failure(client(t, await listen(t, server)).call("getMe"), NetworkError);
      assert.equal(error.delivery, "unknown");
    }
  });

  test("an answer that breaks off inside a success leaves it unknown, too", async (t) => {
    const api = await tcp(t, (socket) =>
      socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{"ok":true,"result":{"mess'),
    );
    assert.equal((await failure(api.call("sendMessage"), NetworkError)).delivery, "unknown");
    assert.equal((await failure(api.make(plain("sendMessage")), NetworkError)).delivery, "unknown");
  });
});

describe("a connection", () => {
  test("a connection that is refused: the call never left this machine", async (t) => {
    const server = createTcpServer();
    const address = await listen(t, server);
    server.close();
    const error = await failure(client(t, address).call("sendMessage"), NetworkError);
    assert.equal(error.delivery, "none");
    assert.equal(error.reason, "ECONNREFUSED");
    assert.equal(error.message, "sendMessage: ECONNREFUSED (it was not sent)");
    assert.ok(error.cause instanceof Error);
  });

  test("a connection that breaks in the TLS handshake: the call never left this machine", async (t) => {
    const address = await listen(
      t,
      createTcpServer((socket) => void socket.once("data", () => socket.destroy())),
    );
    const error = await failure(client(t, address.replace("http:", "https:")).call("sendMessage"), NetworkError);
    assert.equal(error.delivery, "none");
  });

  const breaks: [when: string, break_: (socket: Socket) => void][] = [
    ["closed when the request is there", (socket) => socket.end()],
    ["reset when the request is there", (socket) => socket.resetAndDestroy()],
    [
      "closed inside the answer",
      (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"ok":true,"resu'),
    ],
    [
      "reset inside the answer",
      (socket) =>
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"ok":true,"resu', () => socket.resetAndDestroy()),
    ],
    [
      "closed between the chunks of the answer",
      (socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"ok"\r\n'),
    ],
  ];
  for (const [when, break_] of breaks) {
    test(`a connection ${when}: it is not known what has happened`, async (t) => {
      const api = await tcp(t, break_);
      const error = await failure(api.call("sendMessage"), NetworkError);
      assert.equal(error.delivery, "unknown");
      assert.match(error.reason, /^(UND_ERR_SOCKET|ECONNRESET)$/);
    });
  }

  test("a broken connection does not keep the next call from succeeding", async (t) => {
    const api = await tcp(t, (socket, connection) => {
      if (connection === 1) socket.resetAndDestroy();
      else socket.end('HTTP/1.1 200 OK\r\ncontent-length: 22\r\n\r\n{"ok":true,"result":1}');
    });
    await failure(api.call("getMe"), NetworkError);
    assert.equal(await api.call("getMe"), 1);
  });

  test("a connection without an answer is given up after a while", async (t) => {
    const silent = await tcp(t, () => {}, { callTimeout: 100 });
    const error = await failure(silent.call("sendMessage"), NetworkError);
    assert.deepEqual([error.delivery, error.reason], ["unknown", "UND_ERR_HEADERS_TIMEOUT"]);
  });

  test("a connection without the rest of an answer is given up after a while", async (t) => {
    const dumbstruck = await tcp(t, (socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"), {
      callTimeout: 100,
    });
    const error = await failure(dumbstruck.call("sendMessage"), NetworkError);
    assert.deepEqual([error.delivery, error.reason], ["unknown", "UND_ERR_BODY_TIMEOUT"]);
  });
});

describe("getUpdates", () => {
  test("getUpdates sends all its parameters every time", async (t) => {
    const bodies: string[] = [];
    const api = await http(t, (response, _, body) => {
      bodies.push(body);
      answer(response, 200, { ok: true, result: [{ update_id: 1, message: {} }] });
    });
    assert.deepEqual(await api.getUpdates(POLL, never), [{ update_id: 1, message: {} }]);
    await api.getUpdates({ ...POLL, offset: undefined }, never);
    assert.deepEqual(bodies, [
      '{"offset":5,"limit":100,"timeout":0,"allowed_updates":["message"]}',
      '{"limit":100,"timeout":0,"allowed_updates":["message"]}',
    ]);
  });

  test("a poll on a dead connection ends at its deadline, and the next one gets a connection of its own", async (t) => {
    const deadlines = new Deadlines();
    const api = await tcp(
      t,
      (socket, connection) => {
        if (connection === 1) deadlines.pass();
        else socket.end('HTTP/1.1 200 OK\r\ncontent-length: 23\r\n\r\n{"ok":true,"result":[]}');
      },
      { wait: deadlines.wait },
    );
    const error = await failure(api.getUpdates(POLL, never), NetworkError);
    assert.deepEqual([error.delivery, error.reason], ["unknown", "no answer in time"]);
    assert.deepEqual(await api.getUpdates(POLL, never), []);
  });

  test("the deadline of a poll is 10 s after its own timeout", async (t) => {
    const deadlines = new Deadlines();
    const api = await http(t, (response) => answer(response, 200, { ok: true, result: [] }), { wait: deadlines.wait });
    await api.getUpdates(POLL, never);
    await api.getUpdates({ ...POLL, timeout: 50 }, never);
    assert.deepEqual(deadlines.asked, [10_000, 60_000]);
    assert.equal(deadlines.waiting, 0);
  });

  test("the deadline of a poll passes by the clock unless another wait is given", async (t) => {
    const arrived = Promise.withResolvers<void>();
    const api = await tcp(t, () => arrived.resolve());
    t.mock.timers.enable({ apis: ["setTimeout"] });
    let isOver = false;
    const failed = failure(api.getUpdates({ ...POLL, timeout: 5 }, never), NetworkError).finally(() => {
      isOver = true;
    });
    await arrived.promise;
    t.mock.timers.tick(14_999);
    await turn();
    assert.equal(isOver, false);
    t.mock.timers.tick(1);
    assert.equal((await failed).reason, "no answer in time");
  });

  test("a poll does not wait for the connection that the one before could not make", async (t) => {
    let connections = 0;
    const neverShakesHands = createTcpServer(() => {
      connections += 1;
    });
    const address = await listen(t, neverShakesHands);
    const wait = (_: number, done: () => void) => {
      neverShakesHands.once("connection", done);
      return () => void neverShakesHands.off("connection", done);
    };
    const api = client(t, address.replace("http:", "https:"), { wait });
    for (const count of [1, 2, 3]) {
      await failure(api.getUpdates(POLL, never), NetworkError);
      assert.equal(connections, count);
    }
  });

  test("a poll whose answer comes a drop at a time ends at its deadline as well", async (t) => {
    const deadlines = new Deadlines();
    const api = await tcp(
      t,
      async (socket) => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n");
        for (let drops = 0; !socket.destroyed; drops++) {
          socket.write(" ");
          await delay(10);
          if (drops === 5) deadlines.pass();
        }
      },
      { wait: deadlines.wait },
    );
    assert.equal((await failure(api.getUpdates(POLL, never), NetworkError)).reason, "no answer in time");
  });

  test("a poll that is aborted ends at once, and closes its connection", async (t) => {
    const arrived = Promise.withResolvers<Socket>();
    const api = await tcp(t, (socket) => arrived.resolve(socket));
    const stopping = new AbortController();
    const poll = failure(api.getUpdates({ ...POLL, timeout: 50 }, stopping.signal), NetworkError);
    const socket = await arrived.promise;
    const closed = once(socket, "close");
    stopping.abort();
    await poll;
    await closed;
    await failure(api.getUpdates(POLL, stopping.signal), NetworkError);
  });

  test("a poll does not wait behind other calls", async (t) => {
    const held: ServerResponse[] = [];
    const api = await http(
      t,
      (response, { url }) => {
        if (url!.endsWith("/getUpdates")) answer(response, 200, { ok: true, result: [] });
        else held.push(response);
      },
      { connections: 2 },
    );
    const calls = [1, 2, 3].map(() => api.call("sendMessage"));
    assert.deepEqual(await api.getUpdates(POLL, never), []);
    while (held.length < 2) await delay(1);
    assert.equal(held.length, 2, "no more calls at once than connections");
    for (const response of held.splice(0)) answer(response, 200, { ok: true, result: 1 });
    while (held.length < 1) await delay(1);
    answer(held[0]!, 200, { ok: true, result: 1 });
    assert.deepEqual(await Promise.all(calls), [1, 1, 1]);
  });

  test("a poll accepts nothing but a list of updates", async (t) => {
    for (const body of ['{"ok":true}', '{"ok":true,"result":null}', '{"ok":true,"result":{"update_id":1}}']) {
      const api = await http(t, (response) => answer(response, 200, body));
      assert.equal((await failure(api.getUpdates(POLL, never), NetworkError)).delivery, "unknown");
    }
  });

  test("a poll leaves no timer behind", async (t) => {
    const api = await http(t, (response) => answer(response, 200, { ok: true, result: [] }));
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    await api.getUpdates(POLL, never);
    const before = timers();
    for (let i = 0; i < 5; i++) await api.getUpdates(POLL, never);
    assert.ok(timers() <= before, `${timers()} timers`);
  });
});

test("200 calls that hang do not hold up another, and there are no more connections than calls", async (t) => {
  let connections = 0;
  const held: ServerResponse[] = [];
  const server = createServer((request, response) => {
    request.resume();
    if (request.url!.endsWith("/sendMessage")) held.push(response);
    else answer(response, 200, { ok: true, result: "now" });
  }).on("connection", () => {
    connections += 1;
  });
  const api = client(t, await listen(t, server));
  const calls = Array.from({ length: 200 }, () => api.call("sendMessage"));
  assert.equal(await api.call("getMyName"), "now");
  while (held.length < calls.length) await turn();
  assert.equal(connections, 201);
  for (const response of held) answer(response, 200, { ok: true, result: 1 });
  await Promise.all(calls);
});

test("close() ends calls under way and calls that wait for a connection", async (t) => {
  const arrived = Promise.withResolvers<void>();
  const api = await tcp(t, () => arrived.resolve(), { connections: 1 });
  const calls = [1, 2, 3].map(() => failure(api.call("sendMessage"), NetworkError));
  await arrived.promise;
  await api.close();
  for (const error of await Promise.all(calls)) assert.equal(error.delivery, "unknown");
  await failure(api.call("sendMessage"), NetworkError);
});

test("a call that is over leaves no listener on its signal", async (t) => {
  const { signal } = new AbortController();
  const api = await http(t, (response) => answer(response, 200, { ok: true, result: { id: 1 } }));
  await api.getMe(signal);
  // undici removes its listener when the stream of the answer has closed.
  await turn();
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

test("a call can be aborted while it waits for its answer or for its connection", async (t) => {
  const address = await listen(
    t,
    createTcpServer(() => {}),
  );
  for (const apiUrl of [address, address.replace("http:", "https:")]) {
    await failure(client(t, apiUrl).getMe(AbortSignal.timeout(20)), NetworkError);
    await failure(client(t, apiUrl).getMe(AbortSignal.abort()), NetworkError);
  }
});
