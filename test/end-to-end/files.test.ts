import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, request as httpRequest, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { suite, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { Simulator } from "../../simulator/index.ts";
import { callsOf, nextText, startBot, startBotHere, until } from "./bot.ts";

const MEGABYTE = 1024 * 1024;
const ARGS = ["--no-inbox", "--workers", "1", "--local"];

/** Stands before a simulator and passes calls on, except uploads: it counts their bytes and drops them. */
class UploadSink implements AsyncDisposable {
  bytes = 0;
  /** Number of uploads that came in whole. */
  whole = 0;
  readonly #cutOff = Promise.withResolvers<void>();
  readonly #http = createServer((incoming, response) => {
    if (incoming.url!.endsWith("/sendDocument")) {
      void this.#take(incoming).then(
        () => response.end(JSON.stringify({ ok: true, result: { message_id: 1 } })),
        this.#cutOff.resolve,
      );
      return;
    }
    const { url, method, headers } = incoming;
    const outgoing = httpRequest(this.#simulator.url + url!, { method: method!, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    outgoing.on("error", () => response.destroy());
    response.on("close", () => outgoing.destroy());
    incoming.pipe(outgoing);
  });
  readonly #simulator: Simulator;

  static async start(): Promise<UploadSink> {
    const sink = new UploadSink(await Simulator.start());
    sink.#http.listen(0, "127.0.0.1");
    await once(sink.#http, "listening");
    return sink;
  }

  private constructor(simulator: Simulator) {
    this.#simulator = simulator;
  }

  /** The simulator, at this server's address. */
  get simulator(): Simulator {
    const { port } = this.#http.address() as AddressInfo;
    return Object.create(this.#simulator, {
      url: { value: `http://127.0.0.1:${port}` },
      token: { value: this.#simulator.token },
    });
  }

  get people(): Simulator {
    return this.#simulator;
  }

  /** Resolves when the first upload is cut off. */
  get cutOff(): Promise<void> {
    return this.#cutOff.promise;
  }

  async #take(incoming: IncomingMessage): Promise<void> {
    for await (const chunk of incoming) this.bytes += chunk.length;
    this.whole += 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#http.closeAllConnections();
    this.#http.close();
    await this.#simulator.close();
  }
}

/** Resident memory of a process in KB: now, and the most so far. */
function memoryOf(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const value = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)![1]);
  return { now: value("VmRSS"), peak: value("VmHWM") };
}

test("500 MB go up from a worker, and the server's memory grows by less than 100 MB", {
  skip: process.platform !== "linux" && "memory is read from /proc",
}, async () => {
  await using sink = await UploadSink.start();
  await using bot = await startBot("files", sink.simulator, ARGS);
  const ann = await sink.people.user("ann");
  await ann.sendText("upload 1");
  assert.equal(await nextText(ann), "done: upload");
  const before = memoryOf(bot.process.process.pid!).now;
  await ann.sendText("upload 500");
  assert.equal(await nextText(ann), "done: upload");
  const { peak } = memoryOf(bot.process.process.pid!);
  assert.ok(sink.bytes > 501 * MEGABYTE);
  assert.ok(peak - before < 100 * 1024, `it grew by ${Math.round((peak - before) / 1024)} MB`);
});

suite("an upload that breaks off is cut off, and no success", () => {
  test("an upload is cut off when its worker dies", async () => {
    await using sink = await UploadSink.start();
    await using bot = await startBotHere("files", sink.simulator, ARGS);
    const ann = await sink.people.user("ann");
    await ann.sendText("die");
    await sink.cutOff;
    const { error } = await bot.logged(({ msg }) => msg === "a call failed");
    assert.match(error!, /sendDocument: "document": it broke off/);
    await ann.sendText("hello");
    assert.equal(await nextText(ann), "done: hello", "what waited behind it holds up nothing");
    assert.equal(sink.whole, 0);
  });

  test("an upload is cut off when the application returns, and its stream is ended", async () => {
    await using sink = await UploadSink.start();
    await using bot = await startBotHere("files", sink.simulator, ARGS);
    const ann = await sink.people.user("ann");
    await ann.sendText("return");
    await sink.cutOff;
    await bot.logged(({ msg }) => msg === "the stream was ended");
    assert.equal(sink.whole, 0);
    await ann.sendText("hello");
    assert.equal(await nextText(ann), "done: hello");
  });

  test("an upload is cut off when its stream fails, and send() rejects with the reason", async () => {
    await using sink = await UploadSink.start();
    await using _bot = await startBotHere("files", sink.simulator, ARGS);
    const ann = await sink.people.user("ann");
    await ann.sendText("fail");
    const reason = "the stream failed: Error: the source is dry";
    assert.equal(await nextText(ann), `ASGIGRAM_FILE none: sendDocument: "document": ${reason}`);
    await sink.cutOff;
    assert.equal(sink.whole, 0);
  });
});

test("a stream is cancelled when another file of the same call is missing", async () => {
  await using simulator = await Simulator.start();
  await using bot = await startBotHere("files", simulator, ["--no-inbox", "--workers", "1"]);
  const ann = await simulator.user("ann");
  await ann.sendText("unread");
  assert.match((await nextText(ann))!, /^sendMediaGroup: "media\[0\]\.media": ENOENT.*'\/no\/such'$/);
  await bot.logged(({ msg }) => msg === "the stream was cancelled");
});

test("a file that a person sends comes back compressed, through the real server and the simulator", async () => {
  await using simulator = await Simulator.start();
  await using bot = await startBotHere("../../../examples/gzip", simulator, ["--no-inbox"]);
  const content = Buffer.alloc(3 * MEGABYTE, "all work and no play ");
  const ann = await simulator.user("ann");
  await ann.sendFile("novel.txt", content);
  const [sent] = await callsOf(simulator, "sendDocument", 1);
  assert.equal((sent!.document as { name: string }).name, "novel.txt.gz");
  await until(simulator, () => simulator.calls.some(({ method }) => method === "sendMessage"));
  const messages = await ann.chat.messages();
  assert.equal(messages.at(-1)!.text, `SHA-256 of novel.txt: ${createHash("sha256").update(content).digest("hex")}`);
  const { file_id } = messages.at(-2)!.document!;
  const api = `${simulator.url}/bot${simulator.token}`;
  const { result } = (await (await fetch(`${api}/getFile?file_id=${file_id}`)).json()) as {
    result: { file_path: string };
  };
  const answer = await fetch(`${simulator.url}/file/bot${simulator.token}/${result.file_path}`);
  assert.deepEqual(gunzipSync(await answer.arrayBuffer()), content);
  assert.equal((await bot.end()).code, 0);
});
