import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { createRequire } from "node:module";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { after, afterEach, suite, test } from "node:test";
import { Api, GrammyError, HttpError, InputFile } from "grammy";
import { NetworkError, TelegramError } from "../../../src/protocol/errors.ts";
import type { Upload } from "../../../src/protocol/port.ts";
import { type Fetch, localFetch, localNodeFetch } from "../../../workers/program/fetch.ts";
import { localHttp } from "../../../workers/program/http.ts";
import { LocalCalls, OTHER_TOKEN, TOKEN } from "./local-calls.ts";

const URL_OF_BOT = `https://api.telegram.org/bot${TOKEN}`;

/** Requests that went on to the original function. */
let passed: string[] = [];
afterEach(() => {
  passed = [];
});

const original = (async (input: string | Request) => {
  passed.push(input instanceof Request ? input.url : String(input));
  return new Response("passed");
}) as Fetch;

const json = async (response: Promise<Response>) => (await response).json() as Promise<unknown>;

suite("global fetch", () => {
  const forms: Record<string, (fetch: Fetch) => Promise<Response>> = {
    JSON: (fetch) => fetch(`${URL_OF_BOT}/sendMessage`, { method: "POST", body: '{"chat_id":"1","text":"a"}' }),
    "a query": (fetch) => fetch(new URL(`${URL_OF_BOT}/sendMessage?chat_id=1&text=a`)),
    "a query and JSON": (fetch) =>
      fetch(`${URL_OF_BOT}/sendMessage?chat_id=1`, { method: "POST", body: '{"text":"a"}' }),
    "an urlencoded form": (fetch) =>
      fetch(`${URL_OF_BOT}/sendMessage`, { method: "POST", body: new URLSearchParams({ chat_id: "1", text: "a" }) }),
    "a form": (fetch) => {
      const form = new FormData();
      form.append("chat_id", "1");
      form.append("text", "a");
      return fetch(`${URL_OF_BOT}/sendMessage`, { method: "POST", body: form });
    },
    "bytes of JSON": (fetch) =>
      fetch(`${URL_OF_BOT}/sendMessage`, { method: "POST", body: Buffer.from('{"chat_id":"1","text":"a"}') }),
    "a Request": (fetch) =>
      fetch(new Request(`${URL_OF_BOT}/sendMessage`, { method: "POST", body: '{"chat_id":"1","text":"a"}' })),
    "a Request with a body of its own": (fetch) =>
      fetch(new Request(`${URL_OF_BOT}/sendMessage`), { method: "POST", body: '{"chat_id":"1","text":"a"}' }),
  };
  for (const [name, request] of Object.entries(forms)) {
    test(`a request with ${name} becomes a call, with its answer`, async () => {
      const calls = new LocalCalls();
      const response = await request(localFetch(original, calls.api));
      assert.equal(response.status, 200);
      assert.deepEqual(await response.json(), { ok: true, result: { chat_id: "1", text: "a" } });
      assert.deepEqual(calls.seen, [{ method: "sendMessage", lane: "1", body: '{"chat_id":"1","text":"a"}' }]);
      assert.deepEqual(passed, []);
    });
  }

  test("a stream of a form's bytes becomes an upload", async () => {
    const calls = new LocalCalls();
    const form = new FormData();
    form.append("media", '[{"type":"photo","media":"attach://one"}]');
    form.append("one", new File(["abc"], "a.png"));
    const whole = new Response(form);
    const init = { method: "POST", body: whole.body, headers: whole.headers, duplex: "half" } as RequestInit;
    await localFetch(original, calls.api)(`${URL_OF_BOT}/sendMediaGroup`, init);
    const [file] = calls.seen[0]!.files!;
    assert.deepEqual(calls.parameters, [{ media: [{ type: "photo", media: `attach://${file!.name}` }] }]);
    assert.deepEqual([file!.filename, "bytes" in file!.source], ["a.png", true]);
  });

  test("files of a form are equal for the journal if their bytes are", async () => {
    const calls = new LocalCalls();
    for (const text of ["abc", "abc", "abd"]) {
      const form = new FormData();
      form.append("document", new Blob([text]));
      await localFetch(original, calls.api)(`${URL_OF_BOT}/sendDocument`, { method: "POST", body: form });
    }
    const [one, two, three] = calls.seen.map(({ files }) => files![0]!.fingerprint);
    assert.equal(one, two);
    assert.notEqual(one, three);
  });

  test("a refusal is an answer, with its code and parameters", async () => {
    const calls = new LocalCalls();
    calls.answer = ({ method }) => {
      throw new TelegramError(method, 400, "Bad Request: group chat was upgraded", { migrate_to_chat_id: -100 });
    };
    const response = await localFetch(original, calls.api)(`${URL_OF_BOT}/sendMessage`);
    assert.deepEqual([response.status, response.ok], [400, false]);
    const description = "Bad Request: group chat was upgraded";
    const parameters = { migrate_to_chat_id: -100 };
    assert.deepEqual(await response.json(), { ok: false, error_code: 400, description, parameters });
  });

  test("a lost connection rejects as fetch does", async () => {
    const calls = new LocalCalls();
    calls.answer = ({ method }) => {
      throw new NetworkError(method, "unknown", "the connection was reset");
    };
    await assert.rejects(localFetch(original, calls.api)(`${URL_OF_BOT}/sendMessage`), (error: Error) => {
      assert.deepEqual([error.name, error.message], ["TypeError", "fetch failed"]);
      return error.cause instanceof NetworkError;
    });
  });

  test("a malformed body is answered with 400, and makes no call", async () => {
    const calls = new LocalCalls();
    const form = { body: "no form", headers: { "content-type": "multipart/form-data; boundary=x" } };
    for (const init of [{ body: "{no JSON" }, { body: new Blob(["{no JSON"]) }, form]) {
      const response = await localFetch(original, calls.api)(`${URL_OF_BOT}/sendMessage`, { method: "POST", ...init });
      assert.equal(response.status, 400);
      assert.match(
        ((await response.json()) as { description: string }).description,
        /^Bad Request: (can't parse JSON|the form breaks off)/,
      );
    }
    assert.deepEqual(calls.seen, []);
  });

  test("an abort rejects at once, with its reason; the call is made", async () => {
    const calls = new LocalCalls();
    const answer = Promise.withResolvers<void>();
    calls.answer = () => answer.promise;
    const { signal, abort } = aborting();
    const response = localFetch(original, calls.api)(`${URL_OF_BOT}/sendMessage`, { signal });
    abort(new Error("too late"));
    await assert.rejects(response, /too late/);
    assert.equal(calls.seen.length, 1);
    answer.resolve();
  });

  test("a signal that is aborted already makes no call", async () => {
    const calls = new LocalCalls();
    const response = localFetch(original, calls.api)(`${URL_OF_BOT}/sendMessage`, { signal: AbortSignal.abort() });
    await assert.rejects(response, { name: "AbortError" });
    assert.deepEqual(calls.seen, []);
  });

  test("an abort ends a poll", async () => {
    const calls = new LocalCalls();
    const { signal, abort } = aborting();
    const poll = localFetch(original, calls.api)(`${URL_OF_BOT}/getUpdates?timeout=1000`, { signal });
    abort();
    await assert.rejects(poll, { name: "AbortError" });
    assert.equal(calls.launches, 1);
  });

  test("a file comes by its link, as a stream", async () => {
    const calls = new LocalCalls();
    calls.answer = () => new Blob(["content"]).stream();
    const fetch = localFetch(original, calls.api);
    const response = await fetch(`https://api.telegram.org/file/bot${TOKEN}/documents/a%20b.txt`);
    assert.equal(await response.text(), "content");
    assert.deepEqual(calls.parameters, [{ file_path: "documents/a b.txt", as: "stream" }]);
  });

  test("a file that is not there is a refusal", async () => {
    const calls = new LocalCalls();
    calls.answer = ({ method }) => {
      throw new TelegramError(method, 404, "Not Found", {});
    };
    const fetch = localFetch(original, calls.api);
    const refused = { ok: false, error_code: 404, description: "Not Found" };
    assert.deepEqual(await json(fetch(`https://api.telegram.org/file/bot${TOKEN}/a`)), refused);
    // No path of getFile: it would lead out of the bot's files.
    assert.deepEqual(await json(fetch(`https://api.telegram.org/file/bot${TOKEN}/a%2F..%2F..%2Fb`)), refused);
    assert.equal(calls.seen.length, 1);
  });

  test("requests of other bots, and to other addresses, go on", async () => {
    const fetch = localFetch(original, new LocalCalls().api);
    const urls = [`https://api.telegram.org/bot${OTHER_TOKEN}/getMe`, "https://example.org/", "http://[::1]/bot"];
    for (const url of urls) await fetch(url);
    await fetch(new Request(urls[0]!));
    assert.deepEqual(passed, [...urls, urls[0]]);
  });
});

/** Calls of node-fetch and grammY. */
const calls = new LocalCalls();
after(localHttp(calls.api));
afterEach(() => {
  calls.seen.length = 0;
  calls.answer = ({ body }) => JSON.parse(body);
});

suite("node-fetch", () => {
  type NodeFetch = Fetch & { Response: typeof Response };
  const nodeFetch = createRequire(import.meta.url)("node-fetch") as NodeFetch;
  const fetch = localNodeFetch(nodeFetch, calls.api);

  test("JSON is answered with its own Response", async () => {
    const response = await fetch(`${URL_OF_BOT}/sendMessage`, { method: "POST", body: '{"text":"a"}' });
    assert.ok(response instanceof nodeFetch.Response);
    assert.deepEqual(await response.json(), { ok: true, result: { text: "a" } });
    const again = await fetch(`${URL_OF_BOT}/sendMessage`, { method: "POST", body: '{"text":"a"}' });
    assert.equal(await again.text(), '{"ok":true,"result":{"text":"a"}}');
  });

  test("other bodies, and files, are answered as streams of its own", async () => {
    const body = new URLSearchParams({ text: "a" });
    assert.deepEqual(await json(fetch(`${URL_OF_BOT}/sendMessage`, { method: "POST", body })), {
      ok: true,
      result: { text: "a" },
    });
    calls.answer = () => new Blob(["content"]).stream();
    const { body: file } = await fetch(`https://api.telegram.org/file/bot${TOKEN}/a`);
    assert.deepEqual(await text(file as never), "content");
  });

  test("a lost connection rejects with its FetchError", async () => {
    calls.answer = ({ method }) => {
      throw new NetworkError(method, "none", "connection refused");
    };
    for (const body of ['{"text":"a"}', "text=a"]) {
      await assert.rejects(fetch(`${URL_OF_BOT}/sendMessage`, { method: "POST", body }), (error: Error) => {
        assert.equal(error.name, "FetchError");
        assert.match(error.message, /connection refused/);
        return true;
      });
    }
  });

  test("an abort rejects at once", async () => {
    calls.answer = () => new Promise(() => {});
    for (const body of ['{"text":"a"}', "text=a"]) {
      const { signal, abort } = aborting();
      const response = fetch(`${URL_OF_BOT}/sendMessage`, { method: "POST", body, signal });
      setImmediate(abort);
      await assert.rejects(response, { name: "AbortError" });
    }
  });
});

suite("grammY", () => {
  const nodeFetch = createRequire(import.meta.url)("node-fetch") as Fetch & { default: Fetch };
  const own = nodeFetch.default;
  nodeFetch.default = localNodeFetch(nodeFetch, calls.api);
  after(() => {
    nodeFetch.default = own;
  });
  const api = new Api(TOKEN);
  const files: Record<string, () => InputFile> = {
    bytes: () => new InputFile(Buffer.from("content"), "a.txt"),
    "a stream": () => new InputFile(Readable.from([Buffer.from("con"), Buffer.from("tent")]), "a.txt"),
    "a generator": () =>
      new InputFile(async function* () {
        yield Buffer.from("content");
      }, "a.txt"),
  };
  for (const [what, file] of Object.entries(files)) {
    test(`an InputFile of ${what} is uploaded`, async () => {
      await api.sendMediaGroup(1, [{ type: "document", media: file() }]);
      await api.sendDocument(1, file(), { caption: "a" });
      for (const call of calls.seen) {
        const [{ filename, fingerprint }] = call.files as [Upload];
        assert.deepEqual([filename, fingerprint], ["a.txt", `sha256-${hash("sha256", "content", "base64url")}`]);
      }
      const [{ name }, { name: other }] = calls.seen.map((call) => call.files![0]!) as [Upload, Upload];
      const media = [{ type: "document", media: `attach://${name}` }];
      assert.deepEqual(calls.parameters, [
        { chat_id: "1", media },
        { chat_id: "1", caption: "a", document: `attach://${other}` },
      ]);
    });
  }

  test("a refusal is its GrammyError, a lost connection its HttpError", async () => {
    calls.answer = ({ method }) => {
      throw new TelegramError(method, 429, "Too Many Requests: retry after 3", { retry_after: 3 });
    };
    await assert.rejects(api.sendMessage(1, "a"), (error: GrammyError) => {
      assert.deepEqual([error instanceof GrammyError, error.error_code, error.parameters.retry_after], [true, 429, 3]);
      return true;
    });
    calls.answer = ({ method }) => {
      throw new NetworkError(method, "unknown", "the connection was reset");
    };
    const document = () => new InputFile(Buffer.from("content"));
    for (const call of [api.sendMessage(1, "a"), api.sendDocument(1, document())]) {
      await assert.rejects(call, (error: HttpError) => {
        assert.ok(error instanceof HttpError);
        assert.match((error.error as Error).message, /the connection was reset/);
        return true;
      });
    }
  });

  test("its AbortSignal rejects at once", async () => {
    calls.answer = () => new Promise(() => {});
    const { signal, abort } = aborting();
    const sent = api.sendMessage(1, "a", {}, signal as never);
    abort();
    await assert.rejects(sent, HttpError);
  });
});

function aborting() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: (reason?: unknown) => controller.abort(reason) };
}
