import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import http, { type ClientRequest, get, type IncomingMessage, request } from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { json, text } from "node:stream/consumers";
import { after, beforeEach, suite, test } from "node:test";
import axios, { type AxiosError } from "axios";
import { NetworkError, TelegramError } from "../../../src/protocol/errors.ts";
import { localHttp } from "../../../workers/program/http.ts";
import { LocalCalls, OTHER_TOKEN, TOKEN } from "./local-calls.ts";

const URL_OF_BOT = `https://api.telegram.org/bot${TOKEN}`;

const originals = { http: { ...http }, https: { ...https } };
let calls = new LocalCalls();
/** Requests of the tests go to the calls of the test at hand. */
const restore = localHttp({
  admits: (...args: Parameters<LocalCalls["api"]["admits"]>) => calls.api.admits(...args),
  request: (...args: Parameters<LocalCalls["api"]["request"]>) => calls.api.request(...args),
  download: (...args: Parameters<LocalCalls["api"]["download"]>) => calls.api.download(...args),
} as LocalCalls["api"]);
after(restore);
beforeEach(() => {
  calls = new LocalCalls();
});

async function answerTo(sent: ClientRequest): Promise<{ status: number | undefined; answer: unknown }> {
  const [response] = (await once(sent.end(), "response")) as [IncomingMessage];
  return { status: response.statusCode, answer: await json(response) };
}

const DONE = { status: 200, answer: { ok: true, result: { chat_id: "1", text: "ä" } } };

suite("node:http and node:https", () => {
  const query = "chat_id=1&text=%C3%A4";
  const path = `/bot${TOKEN}/sendMessage?${query}`;
  const requests: Record<string, () => ClientRequest> = {
    "https.request(url)": () => https.request(`${URL_OF_BOT}/sendMessage?${query}`),
    "https.request(URL, options)": () =>
      https.request(new URL(`${URL_OF_BOT}/sendMessage?${query}`), { method: "POST" }),
    "https.request(options)": () => https.request({ hostname: "api.telegram.org", path }),
    "https.get(url)": () => https.get(`${URL_OF_BOT}/sendMessage?${query}`),
    "http.get(options), with an agent of its own": () =>
      http.get({ host: "localhost", port: 1, path, agent: new http.Agent({ keepAlive: true }) }),
    "a name imported from node:http": () => request({ host: "localhost", port: 1, path }),
    "a request to a proxy": () => get({ host: "proxy", port: 1, path: `https://api.telegram.org${path}` }),
    "a socket of its own": () =>
      http.request({ path, socketPath: "/nowhere", createConnection: () => assert.fail("it connects") }),
  };
  for (const [name, send] of Object.entries(requests)) {
    test(`${name} becomes a call, with its answer`, async () => {
      assert.deepEqual(await answerTo(send()), DONE);
      assert.deepEqual(calls.seen, [{ method: "sendMessage", lane: "1", body: '{"chat_id":"1","text":"ä"}' }]);
    });
  }

  test("a request hands its answer to a callback", async () => {
    const response = await new Promise<IncomingMessage>((resolve) => https.get(`${URL_OF_BOT}/getMe`, resolve));
    assert.deepEqual(await json(response), { ok: true, result: { id: 77, username: "own_bot" } });
  });

  test("a call belongs to the event of the code that makes the request", async () => {
    const place = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    calls.answer = () => seen.push(place.getStore());
    const get = async (name: string) => {
      const [response] = await once(https.get(`${URL_OF_BOT}/sendMessage`), "response");
      await text(response as IncomingMessage);
      assert.equal(place.getStore(), name);
    };
    const names = ["one", "two", "three"];
    await Promise.all(names.map((name) => place.run(name, get, name)));
    assert.deepEqual(seen, names);
  });

  test("a lost connection is an error of the request, with the reason", async () => {
    calls.answer = ({ method }) => {
      throw new NetworkError(method, "unknown", "the server took too long");
    };
    await assert.rejects(answerTo(https.get(`${URL_OF_BOT}/sendMessage`)), {
      code: "ECONNRESET",
      message: /the server took too long/,
    });
  });

  test("a malformed body is answered with 400", async () => {
    const sent = https.request(`${URL_OF_BOT}/sendMessage`, { method: "POST" });
    sent.write("{no JSON");
    const { status, answer } = await answerTo(sent);
    assert.equal(status, 400);
    assert.match((answer as { description: string }).description, /^Bad Request: can't parse JSON/);
  });

  test("an abort is told at once, and ends a poll", async () => {
    const aborted = new AbortController();
    const sent = https.get(`${URL_OF_BOT}/getUpdates?timeout=1000`, { signal: aborted.signal });
    while (calls.launches === 0) await new Promise(setImmediate);
    aborted.abort();
    await assert.rejects(once(sent, "response"), { name: "AbortError" });
  });

  test("a socket has the methods that clients call, and its time runs out", async () => {
    calls.answer = () => new Promise(() => {});
    const sent = https.get(`${URL_OF_BOT}/sendMessage`, { timeout: 10 });
    sent.setNoDelay(true);
    sent.setSocketKeepAlive(true);
    await once(sent, "timeout");
    sent.destroy(new Error("timed out"));
    await assert.rejects(once(sent, "response"), /timed out/);
  });

  test("bytes that go out renew the client's time, as those that come", async (t) => {
    const { setTimeout } = globalThis;
    let renewals = 0;
    t.mock.method(globalThis, "setTimeout", (...args: Parameters<typeof setTimeout>) => {
      const timer = setTimeout(...args);
      const { refresh } = timer;
      if (args[1] !== 30_000) return timer;
      const counted = () => {
        renewals += 1;
        return refresh.call(timer);
      };
      return Object.assign(timer, { refresh: counted });
    });
    const headers = { "content-type": "multipart/form-data; boundary=b" };
    const sent = https.request(`${URL_OF_BOT}/sendDocument`, { method: "POST", headers, timeout: 30_000 });
    const write = (text: string) => new Promise((resolve) => sent.write(text, resolve));
    await write('--b\r\ncontent-disposition: form-data; name="document"; filename="a.txt"\r\n\r\n');
    for (let i = 0; i < 4; i++) {
      const before = renewals;
      await write("bytes");
      assert.ok(renewals > before);
    }
    sent.write("\r\n--b--\r\n");
    assert.equal((await answerTo(sent)).status, 200);
  });

  test("a file comes by its link", async () => {
    calls.answer = () => new Blob(["con", "tent"]).stream();
    const [response] = await once(https.get(`https://api.telegram.org/file/bot${TOKEN}/a%20b`), "response");
    assert.equal(await text(response as IncomingMessage), "content");
    assert.deepEqual(calls.parameters, [{ file_path: "a b", as: "stream" }]);
  });

  test("a file that breaks off is an answer that breaks off", async () => {
    calls.answer = () => Readable.toWeb(Readable.from(breaksOff()));
    const [response] = await once(https.get(`https://api.telegram.org/file/bot${TOKEN}/a`), "response");
    await assert.rejects(text(response as IncomingMessage));
    async function* breaksOff() {
      yield Buffer.from("con");
      await new Promise(setImmediate);
      throw new Error("broken off");
    }
  });

  test("other requests, and those of other bots, go their way", async () => {
    const server = http.createServer((request, response) => response.end(JSON.stringify(request.url)));
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    for (const path of ["/", `/bot${OTHER_TOKEN}/getMe`]) {
      const { answer } = await answerTo(http.get({ host: "127.0.0.1", port, path, agent: false }));
      assert.equal(answer, path);
    }
    server.close();
    await once(server, "close");
  });

  test("the functions can be taken back", () => {
    const { request } = http;
    localHttp(calls.api)();
    assert.equal(http.request, request);
    assert.notEqual(request, originals.http.request);
  });
});

suite("axios", () => {
  test("JSON and forms become calls", async () => {
    const { data } = await axios.post(`${URL_OF_BOT}/sendMessage`, { chat_id: "1", text: "ä" });
    assert.deepEqual(data, DONE.answer);
    const form = { chat_id: "1", document: createReadStream(import.meta.filename) };
    assert.equal((await axios.postForm(`${URL_OF_BOT}/sendDocument`, form)).data.ok, true);
    assert.equal(calls.seen[1]!.files!.length, 1);
  });

  test("a refusal is its error, with Telegram's answer", async () => {
    calls.answer = ({ method }) => {
      throw new TelegramError(method, 403, "Forbidden: bot was blocked by the user", {});
    };
    await assert.rejects(axios.get(`${URL_OF_BOT}/sendMessage`), (error: AxiosError<{ description: string }>) => {
      assert.equal(axios.isAxiosError(error), true);
      assert.equal(error.response!.status, 403);
      assert.equal(error.response!.data.description, "Forbidden: bot was blocked by the user");
      return true;
    });
  });

  test("a lost connection is its error", async () => {
    calls.answer = ({ method }) => {
      throw new NetworkError(method, "none", "connection refused");
    };
    await assert.rejects(axios.get(`${URL_OF_BOT}/sendMessage`), (error: AxiosError) => {
      assert.deepEqual([axios.isAxiosError(error), error.code], [true, "ECONNRESET"]);
      assert.match(error.message, /connection refused/);
      return true;
    });
  });

  test("its timeout rejects", async () => {
    calls.answer = () => new Promise(() => {});
    await assert.rejects(axios.get(`${URL_OF_BOT}/sendMessage`, { timeout: 10 }), { code: "ECONNABORTED" });
  });

  test("a file comes by its link as bytes, and as a stream", async () => {
    calls.answer = () => new Blob(["content"]).stream();
    const link = `https://api.telegram.org/file/bot${TOKEN}/a`;
    assert.equal((await axios.get(link)).data, "content");
    assert.equal(await text((await axios.get(link, { responseType: "stream" })).data), "content");
  });
});
