import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, suite, test } from "node:test";
import { ByteReceiver } from "../../src/protocol/byte-channel.ts";
import { FileError, NetworkError, TelegramError } from "../../src/protocol/errors.ts";
import type { DownloadedFile } from "../../src/protocol/port.ts";
import { judgeCall } from "../../src/telegram/retry.ts";
import { respond, TOKEN, UploadServer } from "./upload-server.ts";

const MEGABYTE = 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), "asgigram-"));
after(() => rmSync(folder, { recursive: true }));
// The temporary files that are left over show here.
process.env.TMPDIR = folder;

interface Telegram {
  /** The result of getFile. */
  file?: object;
  serve?: (response: ServerResponse, request: IncomingMessage) => void;
  local?: boolean;
}

/** A server with one file. */
function telegram({
  file = { file_path: "photos/a b#?.jpg", file_size: 7 },
  serve = giveContent,
  local,
}: Telegram = {}) {
  return UploadServer.start(
    (request, response) => {
      if (request.url!.endsWith("/getFile")) respond(response, 200, { ok: true, result: { file_id: "x", ...file } });
      else serve(response, request);
    },
    { local: local ?? false },
  );
}

function giveContent(response: ServerResponse, request: IncomingMessage): void {
  const isThere = request.url === `/file/bot${TOKEN}/photos/a%20b%23%3F.jpg`;
  if (isThere) response.end("content");
  else respond(response, 404, { ok: false, error_code: 404, description: "Not Found" });
}

const fetched = async (server: UploadServer, more: object = {}) =>
  (await server.send({ type: "telegram.download_file", file_id: "x", ...more })) as DownloadedFile;
const asBytes = (file: DownloadedFile) => Buffer.from((file as { bytes: Uint8Array }).bytes);
const asStream = (file: DownloadedFile) => new ByteReceiver((file as { port: never }).port);
const asPath = (file: DownloadedFile) => (file as { path: string }).path;

suite("a file comes down", () => {
  test("a file comes as bytes, unless another form is asked for", async () => {
    await using server = await telegram();
    assert.equal(asBytes(await fetched(server)).toString(), "content");
    assert.equal(asBytes(await fetched(server, { as: "bytes" })).toString(), "content");
  });

  test("a file comes by the path that getFile gave", async () => {
    await using server = await telegram();
    const event = { type: "telegram.download_file", file_path: "photos/a b#?.jpg" };
    assert.equal(asBytes((await server.send(event)) as DownloadedFile).toString(), "content");
  });

  test("a file comes as a stream, no faster than it is read", async () => {
    let isOver = false;
    const chunk = Buffer.alloc(MEGABYTE, 1);
    const serve = async (response: ServerResponse) => {
      for (let i = 0; i < 64; i++) if (!response.write(chunk)) await once(response, "drain");
      isOver = true;
      response.end();
    };
    await using server = await telegram({ serve: (response) => void serve(response), local: true });
    const receiver = asStream(await fetched(server, { as: "stream" }));
    let size = (await receiver.next())!.length;
    for (let i = 0; i < 50; i++) await new Promise(setImmediate);
    assert.equal(isOver, false, "64 MB are more than fit into the buffers on the way");
    for (let bytes = await receiver.next(); bytes !== undefined; bytes = await receiver.next()) size += bytes.length;
    assert.equal(size, 64 * MEGABYTE);
  });

  test("a file is put at the application's path or among the temporary files, whole or not at all", async () => {
    await using server = await telegram();
    const to = join(folder, "to.jpg");
    assert.equal(asPath(await fetched(server, { as: "path", to })), to);
    assert.equal(readFileSync(to, "utf8"), "content");
    const path = asPath(await fetched(server, { as: "path" }));
    assert.ok(path.startsWith(join(tmpdir(), "asgigram-")) && path.endsWith("/a b#?.jpg"), path);
    assert.equal(readFileSync(path, "utf8"), "content");
    rmSync(dirname(path), { recursive: true });
    await using broken = await telegram({
      serve: (response) => {
        response.writeHead(200, { "content-length": 100 }).write("content");
        setImmediate(() => response.destroy());
      },
    });
    const other = join(folder, "broken.jpg");
    await assert.rejects(fetched(broken, { as: "path", to: other }), NetworkError);
    assert.deepEqual([existsSync(other), readdirSync(folder)], [false, ["to.jpg"]]);
    await assert.rejects(fetched(broken, { as: "path" }), NetworkError);
    assert.deepEqual(readdirSync(folder), ["to.jpg"], "nor is its folder left");
  });

  test("a path that cannot be written is a FileError with the path", async () => {
    await using server = await telegram();
    const sent = fetched(server, { as: "path", to: "/no/such/folder/x.jpg" });
    await assert.rejects(
      sent,
      (error) => error instanceof FileError && /ENOENT.*\/no\/such\/folder/.test(error.message),
    );
  });
});

suite("a stream", () => {
  test("streams do not hold up uploads, even with the most streams there can be", async () => {
    await using server = await telegram({
      serve: (response, request) => {
        if (request.url!.endsWith("/sendDocument"))
          request.resume().on("end", () => respond(response, 200, { ok: true }));
        else response.write(Buffer.alloc(MEGABYTE));
      },
    });
    const streams = await Promise.all(Array.from({ length: 16 }, () => fetched(server, { as: "stream" })));
    await server.send({ type: "telegram.send_document", document: new Blob(["content"]) });
    for (const stream of streams) asStream(stream).close();
  });

  test("a stream that is given up closes its connection", async () => {
    const closed = Promise.withResolvers<void>();
    await using server = await telegram({
      serve: (response) => {
        response.on("close", closed.resolve);
        response.write(Buffer.alloc(MEGABYTE));
      },
    });
    const receiver = asStream(await fetched(server, { as: "stream" }));
    await receiver.next();
    receiver.close();
    await closed.promise;
  });

  test("a stream that breaks off fails, and does not end", async () => {
    await using server = await telegram({
      serve: (response) => {
        response.writeHead(200, { "content-length": 100 }).write("content");
        setImmediate(() => response.destroy());
      },
    });
    const receiver = asStream(await fetched(server, { as: "stream" }));
    const read = async () => {
      while ((await receiver.next()) !== undefined);
    };
    await assert.rejects(read(), /UND_ERR_SOCKET|ECONNRESET/);
  });
});

suite("a failure before the first byte", () => {
  const failures: [what: string, serve: NonNullable<Telegram["serve"]>, error: new (...args: never[]) => Error][] = [
    ["a lost connection", (response) => response.destroy(), NetworkError],
    ["a server out of order", (response) => response.writeHead(502).end("Bad Gateway"), TelegramError],
    ["a connection lost halfway", cutShort, NetworkError],
  ];
  for (const [what, serve, kind] of failures) {
    test(`a download is tried again after ${what}`, async () => {
      await using server = await telegram({ serve });
      const error = await fetched(server).catch((error: Error) => error);
      assert.ok(error instanceof kind, `${error}`);
      assert.doesNotMatch(`${(error as Error).stack}${JSON.stringify(error)}${(error as Error).cause}`, /AAsecret/);
      assert.equal(
        judgeCall(error, server.encode({ type: "telegram.download_file", file_id: "x" }), 1).action,
        "again",
      );
    });
  }

  test("a download of a file that does not exist is not tried again", async () => {
    await using server = await telegram({ file: { file_path: "photos/none.jpg" } });
    const error = await fetched(server).catch((error: Error) => error);
    assert.ok(error instanceof TelegramError && error.error_code === 404 && error.method === "downloadFile");
    assert.equal(judgeCall(error, server.encode({ type: "telegram.download_file", file_id: "x" }), 1).action, "reject");
  });
});

function cutShort(response: ServerResponse): void {
  response.writeHead(200, { "content-length": 100 }).write("content");
  setImmediate(() => response.destroy());
}

suite("a file that is too large is refused with the limit and the remedy", () => {
  const remedy =
    /more than the 20 MB that a bot may fetch; a Bot API server of your own, run with --local, has no limit/;

  test("a file is too large by the size that getFile tells", async () => {
    await using server = await telegram({ file: { file_path: "a", file_size: 20 * MEGABYTE + 1 } });
    await assert.rejects(fetched(server), (error) => error instanceof FileError && remedy.test(error.message));
  });

  test("a file is too large because getFile says that it is too big", async () => {
    await using server = await UploadServer.start((_request, response) =>
      respond(response, 400, { ok: false, error_code: 400, description: "Bad Request: file is too big" }),
    );
    await assert.rejects(fetched(server), /"file_id": it is more than the 20 MB/);
    await assert.rejects(fetched(server), (error) => error instanceof FileError && remedy.test(error.message));
  });

  test("a file is too large by the size in the answer", async () => {
    await using server = await telegram({
      serve: (response) => response.writeHead(200, { "content-length": 20 * MEGABYTE + 1 }).flushHeaders(),
    });
    await assert.rejects(fetched(server), (error) => error instanceof FileError && remedy.test(error.message));
  });
});

suite("a file of a local server", () => {
  const path = join(folder, "local.jpg");
  const local = () => {
    writeFileSync(path, "on disk");
    return telegram({ file: { file_path: path, file_size: 1e9 }, local: true, serve: () => assert.fail("over HTTP") });
  };

  test("a local file stays in its place if a path is wanted", async () => {
    await using server = await local();
    assert.equal(asPath(await fetched(server, { as: "path" })), path);
  });

  test("a local file is read from the disk, or copied to the wanted path", async () => {
    await using server = await local();
    assert.equal(asBytes(await fetched(server)).toString(), "on disk");
    assert.equal(Buffer.from((await asStream(await fetched(server, { as: "stream" })).next())!).toString(), "on disk");
    const to = join(folder, "copy.jpg");
    assert.equal(asPath(await fetched(server, { as: "path", to })), to);
    assert.equal(readFileSync(to, "utf8"), "on disk");
  });

  test("a local file that is missing is an error with its path", async () => {
    await using server = await telegram({ file: { file_path: "/no/such.jpg" }, local: true });
    await assert.rejects(
      fetched(server),
      (error) => error instanceof FileError && /\/no\/such\.jpg/.test(error.message),
    );
  });

  test("a local file is refused without --local, and the error says so", async () => {
    await using server = await telegram({ file: { file_path: "/var/lib/x.jpg" } });
    await assert.rejects(
      fetched(server),
      (error) => error instanceof FileError && /it runs with --local/.test(error.message),
    );
  });
});
