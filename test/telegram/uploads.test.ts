import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, openSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { FileError, InvalidEventError, NetworkError, TelegramError } from "../../src/protocol/errors.ts";
import { typeOf } from "../../src/protocol/method-names.ts";
import { METHODS, type MethodFacts } from "../../src/protocol/method-table.ts";
import type { Call } from "../../src/protocol/port.ts";
import { judgeCall } from "../../src/telegram/retry.ts";
import { Uploads, type UploadsOptions } from "../../src/telegram/uploads.ts";
import { crossed, type Received, respond, UploadServer } from "./upload-server.ts";

const MEGABYTE = 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), "asgigram-"));
after(() => rmSync(folder, { recursive: true }));

/** Makers of a file with that text, by the form in which an application gives it. */
const FORMS: Record<string, (text: string) => object> = {
  "a Uint8Array": (text) => new TextEncoder().encode(text),
  "a Buffer": (text) => Buffer.from(text),
  "an ArrayBuffer": (text) => new TextEncoder().encode(text).buffer,
  "a Blob": (text) => new Blob([text]),
  "a File": (text) => new File([text], "named.txt", { type: "text/plain" }),
  "a path": (text) => ({ path: onDisk(text) }),
  "a file: URL": (text) => pathToFileURL(onDisk(text)),
  "a generator": (text) => chunksOf(text),
  "a web stream": (text) => new Blob([text]).stream(),
  "bytes with a name": (text) => ({ bytes: new TextEncoder().encode(text), filename: "named.txt" }),
  "a stream with a name and a type": (text) => ({
    stream: chunksOf(text),
    filename: "named.txt",
    content_type: "text/plain",
  }),
};

function onDisk(text: string): string {
  const path = join(folder, `${Buffer.from(text).toString("hex")}.txt`);
  writeFileSync(path, text);
  return path;
}

async function* chunksOf(text: string): AsyncGenerator<Uint8Array> {
  for (const letter of text) yield new TextEncoder().encode(letter);
}

/** A parameter as the server reads it, with the files' text in place of the files. */
async function meant({ form }: Received, key: string): Promise<unknown> {
  const value = form.get(key);
  if (value === null || typeof value === "string") return (await filesIn(form)).get(value ?? "") ?? value;
  return await value.text();
}

/** The same for a parameter that is a list or an object. */
async function meantByJson({ form }: Received, key: string): Promise<unknown> {
  const files = await filesIn(form);
  return JSON.parse(form.get(key) as string, (_, value) => files.get(value) ?? value);
}

/** The text of each file by its reference. */
async function filesIn(form: FormData): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const [name, part] of form) if (typeof part !== "string") files.set(`attach://${name}`, await part.text());
  return files;
}

async function assertMeant(received: Received, expected: Record<string, unknown>): Promise<void> {
  for (const [key, value] of Object.entries(expected)) {
    if (typeof value === "object") assert.deepEqual(await meantByJson(received, key), value, key);
    else assert.equal(await meant(received, key), String(value), key);
  }
}

/** The parameters of each method with files; `f()` makes each file. */
const UPLOADS: Record<string, (f: () => unknown) => Record<string, unknown>> = {
  setWebhook: (f) => ({ url: "https://example.com", certificate: f() }),
  sendPhoto: (f) => ({ photo: f() }),
  sendLivePhoto: (f) => ({ live_photo: f(), photo: f() }),
  sendAudio: (f) => ({ audio: f(), thumbnail: f() }),
  sendDocument: (f) => ({ document: f(), thumbnail: f() }),
  sendVideo: (f) => ({ video: f(), thumbnail: f(), cover: f() }),
  sendAnimation: (f) => ({ animation: f(), thumbnail: f() }),
  sendVoice: (f) => ({ voice: f() }),
  sendVideoNote: (f) => ({ video_note: f(), thumbnail: f() }),
  sendPaidMedia: (f) => ({
    star_count: "1",
    media: [
      { type: "photo", media: f() },
      { type: "video", media: f(), thumbnail: f(), cover: f() },
      { type: "live_photo", media: f(), photo: f() },
    ],
  }),
  sendMediaGroup: (f) => ({
    media: [
      { type: "photo", media: f() },
      { type: "video", media: f(), thumbnail: f(), cover: f() },
      { type: "photo", media: "file_id" },
    ],
  }),
  sendPoll: (f) => ({
    question: "?",
    options: [{ text: "a", media: { type: "photo", media: f() } }, { text: "b" }],
    media: { type: "photo", media: f() },
    explanation_media: { type: "animation", media: f(), thumbnail: f() },
  }),
  setChatPhoto: (f) => ({ photo: f() }),
  setMyProfilePhoto: (f) => ({ photo: { type: "static", photo: f() } }),
  setBusinessAccountProfilePhoto: (f) => ({
    business_connection_id: "b",
    photo: { type: "animated", animation: f() },
  }),
  postStory: (f) => ({ business_connection_id: "b", content: { type: "photo", photo: f() }, active_period: "86400" }),
  editStory: (f) => ({ business_connection_id: "b", story_id: "1", content: { type: "video", video: f() } }),
  editMessageText: (f) => ({ message_id: "1", rich_message: richMessage(f) }),
  editMessageMedia: (f) => ({ message_id: "1", media: { type: "document", media: f(), thumbnail: f() } }),
  editEphemeralMessageText: (f) => ({ rich_message: richMessage(f) }),
  editEphemeralMessageMedia: (f) => ({ media: { type: "photo", media: f() } }),
  sendSticker: (f) => ({ sticker: f() }),
  uploadStickerFile: (f) => ({ user_id: "1", sticker: f(), sticker_format: "static" }),
  createNewStickerSet: (f) => ({
    user_id: "1",
    name: "n",
    title: "t",
    stickers: [{ sticker: f(), format: "static" }, { sticker: f() }],
  }),
  addStickerToSet: (f) => ({ user_id: "1", name: "n", sticker: { sticker: f(), format: "static" } }),
  replaceStickerInSet: (f) => ({ user_id: "1", name: "n", old_sticker: "o", sticker: { sticker: f() } }),
  setStickerSetThumbnail: (f) => ({ name: "n", user_id: "1", thumbnail: f(), format: "static" }),
  sendRichMessage: (f) => ({ rich_message: richMessage(f) }),
  sendRichMessageDraft: (f) => ({ draft_id: "1", rich_message: richMessage(f) }),
};

const richMessage = (f: () => unknown) => ({
  media: [{ name: "cat", media: { type: "photo", media: f() } }],
  blocks: [{ type: "collage", blocks: [{ type: "video", video: { type: "video", media: f(), thumbnail: f() } }] }],
});

suite("the methods that take files", () => {
  test("the methods that take files are all here", () => {
    const methods = Object.entries(METHODS as Record<string, MethodFacts>).filter(([, { uploads }]) => uploads);
    assert.deepEqual(
      methods.map(([method]) => method),
      Object.keys(UPLOADS),
    );
    assert.equal(methods.length, 29);
  });

  for (const [method, parametersWith] of Object.entries(UPLOADS)) {
    test(`${method}: each file arrives where it was given`, async () => {
      await using server = await UploadServer.start();
      let files = 0;
      const forms = Object.values(FORMS);
      const given = parametersWith(() => forms[files % forms.length]!(`file ${files++}`));
      const count = files;
      files = 0;
      const expected = parametersWith(() => `file ${files++}`);
      const missing = METHODS[method as keyof typeof METHODS].required.filter((key) => given[key] === undefined);
      const more = Object.fromEntries(missing.map((key) => [key, "1"]));
      await server.send({ type: typeOf(method), ...more, ...given });
      const [received] = server.received;
      assert.equal(received!.method, method);
      await assertMeant(received!, expected);
      const parts = [...received!.form].filter(([, value]) => typeof value !== "string").map(([name]) => name);
      assert.equal(new Set(parts).size, count, "each under a name of its own");
      for (const [key, value] of Object.entries(expected)) {
        if (/^file \d$/.test(String(value))) assert.ok(parts.includes(key), `${key} is the part of that name`);
      }
    });
  }
});

suite("a file may be given as", () => {
  for (const [form, fileOf] of Object.entries(FORMS)) {
    test(`a file may be given as ${form}`, async () => {
      await using server = await UploadServer.start();
      await server.send({ type: "telegram.send_document", document: fileOf("content") });
      const file = server.received[0]!.form.get("document") as File;
      assert.equal(await file.text(), "content");
      const isKnown = !/generator|web stream|a stream/.test(form);
      const { "content-length": length, "transfer-encoding": encoding } = server.received[0]!.headers;
      assert.deepEqual([length !== undefined, encoding], [isKnown, isKnown ? undefined : "chunked"]);
    });
  }
});

test("a file's name and type are those given, those of the File or the path, or fit the parameter", async () => {
  await using server = await UploadServer.start();
  const bytes = () => new Uint8Array(1);
  const path = onDisk("x");
  const files: [key: string, file: object, name: string, type: string][] = [
    ["document", { bytes: bytes(), filename: "a.png", content_type: "image/png" }, "a.png", "image/png"],
    ["document", { path, filename: "b.txt" }, "b.txt", "application/octet-stream"],
    ["document", { path }, "78.txt", "application/octet-stream"],
    ["document", new File(["x"], "c.gif", { type: "image/gif" }), "c.gif", "image/gif"],
    ["document", { bytes: new File(["x"], "c.gif"), filename: "d.gif" }, "d.gif", "application/octet-stream"],
    ["document", bytes(), "file", "application/octet-stream"],
    ["photo", bytes(), "photo.jpg", "application/octet-stream"],
    ["animation", bytes(), "animation.mp4", "application/octet-stream"],
    ["voice", bytes(), "voice.ogg", "application/octet-stream"],
  ];
  for (const [key, file, name, type] of files) {
    await server.send({ type: `telegram.send_${key}`, [key]: file });
    const received = server.received.at(-1)!.form.get(key) as File;
    assert.deepEqual([received.name, received.type], [name, type]);
  }
  await server.send({ type: "telegram.send_media_group", media: [{ type: "video", media: bytes(), cover: bytes() }] });
  const names = [...server.received.at(-1)!.form.values()].flatMap((value) =>
    typeof value === "string" ? [] : [value.name],
  );
  assert.deepEqual(names, ["video.mp4", "cover.jpg"]);
});

test("files arrive at their place in any event, and all else is unchanged", async () => {
  await using server = await UploadServer.start();
  let count = 0;
  const file = fc.constantFrom(...Object.values(FORMS)).map((fileOf) => ({ fileOf, text: `file ${count++}` }));
  const isFile = (value: unknown): value is { fileOf: (text: string) => object; text: string } =>
    typeof value === "object" && value !== null && "fileOf" in value;
  const key = fc.stringMatching(/^[a-z_]{1,8}$/).filter((key) => !["type", "path", "bytes", "stream"].includes(key));
  const { tree } = fc.letrec((tie) => ({
    leaf: fc.oneof(file, fc.string(), fc.integer(), fc.boolean(), fc.constant("attach://file")),
    tree: fc.oneof(
      { depthSize: "small" },
      tie("leaf"),
      fc.array(tie("tree"), { maxLength: 4 }),
      fc.dictionary(key, tie("tree"), { maxKeys: 4, noNullPrototype: true }),
    ),
  }));
  const replaced = (
    value: unknown,
    by: (file: { fileOf: (text: string) => object; text: string }) => unknown,
  ): unknown => {
    if (isFile(value)) return by(value);
    if (Array.isArray(value)) return value.map((item) => replaced(item, by));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaced(item, by)]));
  };
  await fc.assert(
    fc.asyncProperty(fc.dictionary(key, tree, { maxKeys: 5, noNullPrototype: true }), file, async (parameters, one) => {
      const event = { ...parameters, one };
      const given = replaced(event, ({ fileOf, text }) => fileOf(text)) as object;
      const expected = replaced(event, ({ text }) => text) as Record<string, unknown>;
      await server.send({ type: "telegram.send_hologram", ...given });
      const received = server.received.at(-1)!;
      await assertMeant(received, expected);
      const parts = [...received.form.keys()];
      assert.equal(new Set(parts).size, parts.length);
    }),
    { numRuns: 60 },
  );
});

test("one file in two places is uploaded once", async () => {
  await using server = await UploadServer.start();
  const stream = chunksOf("both");
  await server.send({ type: "telegram.send_document", document: stream, thumbnail: stream });
  const [received] = server.received;
  assert.deepEqual([await meant(received!, "document"), await meant(received!, "thumbnail")], ["both", "both"]);
  assert.equal([...received!.form.values()].filter((value) => typeof value !== "string").length, 1);
});

suite("bytes", () => {
  test("bytes are handed over: the same bytes cannot be sent twice, a Blob can", async () => {
    await using server = await UploadServer.start();
    const bytes = new Uint8Array(5);
    const blob = new Blob(["x"]);
    const send = (document: object) => server.send({ type: "telegram.send_document", document });
    await send(bytes);
    assert.equal(bytes.length, 0);
    await assert.rejects(send(bytes), (error: InvalidEventError) => {
      assert.ok(error instanceof InvalidEventError);
      assert.match(error.message, /"document" has been sent before, .* pass a Blob/);
      return true;
    });
    await send(blob);
    await send(blob);
    assert.equal(server.received.length, 3);
  });

  test("bytes of an event that is refused are left alone", async () => {
    await using server = await UploadServer.start();
    const bytes = new Uint8Array(5);
    assert.throws(() => server.encode({ type: "telegram.send_document", document: bytes, caption: () => {} }));
    assert.throws(() => server.encode({ type: "telegram.send_message", text: bytes }), /send_message takes none/);
    assert.equal(bytes.length, 5);
  });

  test("bytes of one buffer in several places arrive in all of them", async () => {
    await using server = await UploadServer.start();
    const bytes = new TextEncoder().encode("abcdef");
    const media = [bytes, bytes.subarray(1, 3), bytes.buffer, new Uint8Array(bytes.buffer)].map((media) => ({ media }));
    await server.send({ type: "telegram.send_media_group", media });
    const expected = ["abcdef", "bc", "abcdef", "abcdef"].map((media) => ({ media }));
    assert.deepEqual(await meantByJson(server.received[0]!, "media"), expected);
  });
});

suite("a path", () => {
  const paths: [what: string, path: string, said: RegExp][] = [
    ["that leads nowhere", "/no/such/file.txt", /sendDocument: "document": ENOENT: .*'\/no\/such\/file\.txt'/],
    ["to a folder", "/tmp", /"document": \/tmp is not a file/],
    ["to a device", "/dev/zero", /"document": \/dev\/zero is not a file/],
  ];
  for (const isLocal of [false, true]) {
    for (const [what, path, said] of paths) {
      test(`a path ${what} is refused by name${isLocal ? ", for a local server as well" : ""}`, async () => {
        await using server = await UploadServer.start(undefined, { local: isLocal });
        const sent = server.send({ type: "telegram.send_document", document: { path } });
        await assert.rejects(sent, (error: FileError) => {
          assert.ok(error instanceof FileError);
          assert.match(error.message, said);
          assert.deepEqual([error.method, error.key, error.delivery], ["sendDocument", "document", "none"]);
          return true;
        });
        assert.equal(server.received.length, 0);
      });
    }
  }
});

suite("the answer", () => {
  test("the answer is handed on as it came; a refusal becomes a TelegramError", async () => {
    await using server = await UploadServer.start(async (request, response, server) => {
      await server.read(request);
      respond(response, 400, { ok: false, error_code: 400, description: "Bad Request: PHOTO_INVALID_DIMENSIONS" });
    });
    const sent = server.send({ type: "telegram.send_photo", photo: new Uint8Array(1) });
    await assert.rejects(sent, (error) => error instanceof TelegramError && error.error_code === 400);
  });

  test("an answer before all bytes are sent ends the sending and the stream", async () => {
    await using server = await UploadServer.start((_request, response) => {
      respond(response, 413, { ok: false, error_code: 413, description: "Request Entity Too Large" });
    });
    const ended = Promise.withResolvers<void>();
    const endless = async function* () {
      try {
        for (;;) yield await new Promise<Uint8Array>((resolve) => setImmediate(resolve, new Uint8Array(9)));
      } finally {
        ended.resolve();
      }
    };
    const sent = server.send({ type: "telegram.send_document", document: endless() });
    await assert.rejects(sent, (error) => error instanceof TelegramError && error.error_code === 413);
    await ended.promise;
  });
});

suite("a second attempt", () => {
  const again = (call: Call, error: Error) => judgeCall(error, call, 1);
  const tooMany = new TelegramError("sendDocument", 429, "Too Many Requests", { retry_after: 3 });

  for (const [form, fileOf] of Object.entries(FORMS)) {
    const isStream = /generator|stream/.test(form);
    test(`${form} ${isStream ? "cannot be sent again, and the refusal says so" : "is sent again after a 429"}`, async () => {
      await using server = await UploadServer.start();
      const call = await crossed(server.encode({ type: "telegram.send_document", document: fileOf("content") }));
      assert.deepEqual(
        again(call, tooMany),
        { action: "again", after: 3000, refused: true },
        "before anything is read",
      );
      await server.api.make(call);
      if (!isStream) {
        assert.deepEqual(again(call, tooMany), { action: "again", after: 3000, refused: true });
        await server.api.make(call);
        const texts = server.received.map(({ form }) => (form.get("document") as File).text());
        assert.deepEqual(await Promise.all(texts), ["content", "content"]);
        return;
      }
      const verdict = again(call, tooMany);
      assert.ok(verdict.action === "reject" && verdict.error instanceof TelegramError);
      assert.match(verdict.error.message, /429 Too Many Requests \(not sent again: its stream has been read; .* Blob/);
      assert.deepEqual([verdict.error.error_code, verdict.error.parameters.retry_after], [429, 3]);
      const cut = again(call, new NetworkError("sendDocument", "none", "ECONNRESET"));
      assert.ok(cut.action === "reject" && cut.error instanceof NetworkError && cut.error.delivery === "none");
    });
  }
});

test("a temporary file is sent to a local server as bytes: its user may not read the file", async () => {
  await using server = await UploadServer.start(undefined, { local: true });
  const { files, ...call } = server.encode({ type: "telegram.send_document", document: { path: onDisk("content") } });
  const temporary = files!.map((file) => ({
    ...file,
    source: { ...file.source, isTemporary: true } as typeof file.source,
  }));
  await server.api.make({ ...call, files: temporary });
  assert.equal(await meant(server.received[0]!, "document"), "content");
});

test("a stream that has not been read is sent with the next attempt", async () => {
  await using server = await UploadServer.start();
  const { files, ...call } = await crossed(
    server.encode({ type: "telegram.send_document", document: chunksOf("content") }),
  );
  const unreachable = new NetworkError("sendDocument", "none", "ECONNREFUSED");
  const first = new Uploads({ local: false, post: () => Promise.reject(unreachable) });
  await assert.rejects(first.make({ ...call, files: files! }), unreachable.constructor);
  assert.equal(judgeCall(unreachable, { ...call, files: files! }, 1).action, "again");
  await server.api.make({ ...call, files: files! });
  assert.equal(await meant(server.received[0]!, "document"), "content");
});

suite("an upload that breaks off", () => {
  /** A server that reads the beginning of a request; `begun` and `over` tell of it. */
  const beginning = () => {
    const begun = Promise.withResolvers<void>();
    const over = Promise.withResolvers<void>();
    const start = () =>
      UploadServer.start(async (request) => {
        request.on("aborted", over.resolve);
        request.on("error", () => {});
        await once(request, "data");
        begun.resolve();
        request.resume();
      });
    return { start, begun: begun.promise, over: over.promise };
  };

  test("an upload whose stream fails is cut off, with the stream's error", async () => {
    const { start, over } = beginning();
    await using server = await start();
    const failing = async function* () {
      yield new Uint8Array(1000);
      throw new Error("the source is dry");
    };
    const sent = server.send({ type: "telegram.send_document", document: failing() });
    await assert.rejects(sent, (error: FileError) => {
      assert.ok(error instanceof FileError);
      assert.equal(error.message, 'sendDocument: "document": the stream failed: Error: the source is dry');
      assert.equal(error.delivery, "none");
      return true;
    });
    await over;
  });

  test("an upload is cut off when the application ends, and its stream is ended", async () => {
    const { start, begun, over } = beginning();
    await using server = await start();
    const ended = Promise.withResolvers<void>();
    const waiting = {
      async *[Symbol.asyncIterator]() {
        try {
          for (;;) yield await new Promise<Uint8Array>((resolve) => setImmediate(resolve, new Uint8Array(100)));
        } finally {
          ended.resolve();
        }
      },
    };
    const sent = server.send({ type: "telegram.send_document", document: waiting });
    const failed = assert.rejects(
      sent,
      (error: FileError) => /it broke off/.test(error.message) && error.delivery === "none",
    );
    await begun;
    server.streams.close();
    await Promise.all([failed, ended.promise, over]);
  });

  test("an upload whose connection is lost was not carried out", async () => {
    await using server = await UploadServer.start(async (request) => {
      await once(request, "data");
      request.socket.destroy();
    });
    const cancelled = Promise.withResolvers<void>();
    let isOver = false;
    const stream = new ReadableStream({
      async pull(controller) {
        await new Promise(setImmediate);
        if (!isOver) controller.enqueue(new Uint8Array(1000));
      },
      cancel() {
        isOver = true;
        cancelled.resolve();
      },
    });
    const sent = server.send({ type: "telegram.send_document", document: stream });
    await assert.rejects(sent, (error) => error instanceof NetworkError && error.delivery === "none");
    await cancelled.promise;
  });

  test("an upload whose connection is lost after its last byte may have been carried out", async () => {
    await using server = await UploadServer.start(async (request, _response, server) => {
      await server.read(request);
      request.socket.destroy();
    });
    const sent = server.send({ type: "telegram.send_document", document: new Uint8Array(1000) });
    await assert.rejects(sent, (error) => error instanceof NetworkError && error.delivery === "unknown");
  });

  test("an upload whose connection is lost with its last byte may have been carried out", async () => {
    await using server = await UploadServer.start();
    for (const document of [new Uint8Array(1000), chunksOf("content")]) {
      const lost = new NetworkError("sendDocument", "unknown", "ECONNRESET");
      const post = async (_method: string, { body }: { body: AsyncIterable<Uint8Array> }) => {
        for await (const bytes of body) if (Buffer.from(bytes).toString().endsWith("--\r\n")) throw lost;
        return "";
      };
      const call = await crossed(server.encode({ type: "telegram.send_document", document }));
      const made = new Uploads({ local: false, post }).make({ ...call, files: call.files! });
      await assert.rejects(made, (error) => error instanceof NetworkError && error.delivery === "unknown");
    }
  });

  test("an upload without progress is given up; a slow one goes on for longer than that", async ({ mock }) => {
    await using server = await UploadServer.start();
    const make = async (document: object, post: UploadsOptions["post"]) => {
      const call = await crossed(server.encode({ type: "telegram.send_document", document }));
      return await new Uploads({ local: false, patience: 400, post }).make({ ...call, files: call.files! });
    };
    const never = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) };
    const given = make(never, (...args) => server.api.post(...args));
    await assert.rejects(given, (error: NetworkError) => {
      assert.match(error.message, /sendDocument: no bytes were sent for 0.4 s/);
      return error.delivery === "none";
    });
    // The timers of node:test ignore refresh().
    let [now, due] = [0, Number.POSITIVE_INFINITY];
    const slow: UploadsOptions["post"] = async (_method, { body }) => {
      mock.method(globalThis, "setTimeout", (_: () => void, milliseconds: number) => {
        const refresh = () => {
          due = now + milliseconds;
        };
        refresh();
        return { refresh };
      });
      for await (const _ of body) {
        now += 300;
        assert.ok(now < due, `it is given up after ${now} ms`);
      }
      mock.restoreAll();
      return "sent";
    };
    assert.equal(await make(chunksOf("content"), slow), "sent");
    assert.ok(now > 2 * 400);
  });

  test("an upload without an answer is given up, and may have been carried out", async () => {
    await using server = await UploadServer.start(
      async (request, _response, server) => void (await server.read(request)),
    );
    const uploads = new Uploads({ local: false, answerTimeout: 50, post: (...args) => server.api.post(...args) });
    const call = server.encode({ type: "telegram.send_document", document: new Uint8Array(1) });
    const made = uploads.make({ ...call, files: call.files! });
    await assert.rejects(made, (error) => error instanceof NetworkError && error.delivery === "unknown");
  });
});

suite("a file that is too large", () => {
  /** The path of a file that takes no disk space. */
  const sparse = (megabytes: number): string => {
    const path = join(folder, `${megabytes}.bin`);
    openSync(path, "w");
    truncateSync(path, megabytes * MEGABYTE + 1);
    return path;
  };
  const refusals: [what: string, event: object, local: boolean, said: RegExp][] = [
    ["a document", { type: "telegram.send_document", document: { path: sparse(50) } }, false, /50 MB/],
    ["a photo", { type: "telegram.send_photo", photo: { path: sparse(10) } }, false, /10 MB/],
    ["a photo, on a local server", { type: "telegram.send_photo", photo: { path: sparse(10) } }, true, /10 MB/],
    [
      "a photo of several",
      { type: "telegram.send_media_group", media: [{ type: "photo", media: new Uint8Array(10 * MEGABYTE + 1) }] },
      false,
      /"media\[0\]\.media": a file of 10485761 bytes is more than the 10 MB/,
    ],
    [
      "a document, on a local server",
      { type: "telegram.send_document", document: { path: sparse(2000) } },
      true,
      /2000 MB/,
    ],
  ];
  for (const [what, event, local, said] of refusals) {
    test(`a file that is too large is refused before anything is sent: ${what}`, async () => {
      await using server = await UploadServer.start(() => assert.fail("something was sent"), { local });
      await assert.rejects(server.send(event), (error) => error instanceof FileError && said.test(error.message));
    });
  }

  test("a stream that is too large is cut off when reading shows its size", async () => {
    await using server = await UploadServer.start(async (request) => void request.on("error", () => {}).resume());
    const large = async function* () {
      for (let i = 0; i <= 10; i++) yield new Uint8Array(MEGABYTE);
    };
    const sent = server.send({ type: "telegram.send_photo", photo: large() });
    await assert.rejects(sent, (error) => error instanceof FileError && /more than the 10 MB/.test(error.message));
  });

  test("a file of 60 MB is sent to a local server", async () => {
    let bytes = 0;
    await using server = await UploadServer.start(
      async (request, response) => {
        for await (const chunk of request) bytes += chunk.length;
        respond(response, 200, { ok: true, result: true });
      },
      { local: true },
    );
    await server.send({ type: "telegram.send_document", document: new Blob([new Uint8Array(60 * MEGABYTE)]) });
    assert.ok(bytes > 60 * MEGABYTE);
  });
});

suite("a local server", () => {
  test("a local server gets paths, and reads the files itself", async () => {
    await using server = await UploadServer.start(undefined, { local: true });
    const path = onDisk("a b?#%ü");
    const event = {
      type: "telegram.send_video",
      video: { path },
      caption: "attach://video",
      cover: new TextEncoder().encode("sent"),
    };
    await server.send(event);
    const { form } = server.received[0]!;
    const uri = form.get("video") as string;
    assert.equal(uri, pathToFileURL(path).href);
    assert.equal(form.get("caption"), "attach://video");
    assert.equal(await (form.get("cover") as File).text(), "sent");
    await server.send({ type: "telegram.send_media_group", media: [{ type: "document", media: { path } }] });
    assert.deepEqual(await meantByJson(server.received[1]!, "media"), [{ type: "document", media: uri }]);
  });

  test("a local server is sent a webhook's certificate all the same", async () => {
    await using server = await UploadServer.start(undefined, { local: true });
    const certificate = { path: onDisk("certificate") };
    await server.send({ type: "telegram.set_webhook", url: "https://example.com", certificate });
    assert.equal(await meant(server.received[0]!, "certificate"), "certificate");
  });
});

test("the token is in no error of an upload", async () => {
  await using server = await UploadServer.start((request, response) => {
    response.writeHead(500).end(`no route for ${request.url}`);
  });
  const sent = server.send({ type: "telegram.send_document", document: new Uint8Array(1) });
  await assert.rejects(sent, (error: Error) => !/AAsecret/.test(JSON.stringify(error) + error.stack + error.cause));
});
