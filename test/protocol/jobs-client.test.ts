import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { dataOfError } from "../../src/protocol/error-data.ts";
import { DisconnectedError, QueueFullError } from "../../src/protocol/errors.ts";
import type { EventJob, JobOrigin } from "../../src/protocol/jobs.ts";
import { JobsClient } from "../../src/protocol/jobs-client.ts";
import type { FromHeavy, FromJob, ToHeavy, ToJob } from "../../src/protocol/port.ts";

type Request<Type extends ToHeavy["type"]> = Extract<ToHeavy, { type: Type }>;

/** Messages of a port, as they come. */
class Queue<Message> {
  readonly #messages: Message[] = [];
  #came = Promise.withResolvers<void>();

  constructor(port: MessagePort) {
    port.on("message", (message: Message) => {
      this.#messages.push(message);
      this.#came.resolve();
    });
  }

  /** The next one that is wanted. */
  async next(isWanted: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const at = this.#messages.findIndex(isWanted);
      if (at >= 0) return this.#messages.splice(at, 1)[0]!;
      this.#came = Promise.withResolvers();
      await this.#came.promise;
    }
  }
}

/** A client, and the main thread that a test plays. */
class Bench implements Disposable {
  readonly client: JobsClient;
  readonly #main: MessagePort;
  readonly #requests: Queue<ToHeavy>;

  constructor(origin?: () => JobOrigin | undefined) {
    const { port1, port2 } = new MessageChannel();
    this.#main = port1;
    this.#requests = new Queue(port1);
    this.client = new JobsClient(port2, origin);
  }

  /** The client's next request of that type. */
  async next<Type extends ToHeavy["type"]>(type: Type): Promise<Request<Type>> {
    return (await this.#requests.next((request) => request.type === type)) as Request<Type>;
  }

  /** The client's next request. */
  first(): Promise<ToHeavy> {
    return this.#requests.next(() => true);
  }

  answer(message: FromHeavy): void {
    this.#main.postMessage(message);
  }

  [Symbol.dispose](): void {
    this.#main.close();
  }
}

const inboxes = new WeakMap<MessagePort, Queue<ToJob>>();

/** The next message at the heavy thread's end of a job. */
function told({ job: { port } }: Request<"job">): Promise<ToJob> {
  const queue = inboxes.get(port) ?? new Queue<ToJob>(port);
  inboxes.set(port, queue);
  return queue.next(() => true);
}

const post = ({ job }: Request<"job">, message: FromJob) => job.port.postMessage(message);

/** An event whose clock's moves are recorded. */
class Event implements JobOrigin {
  readonly line = "chat:1";
  readonly abort = new AbortController();
  readonly moves: string[] = [];
  /** The newest one. */
  job: EventJob | undefined;
  /** The reason for which one of its jobs was rejected. */
  stop: unknown;
  get jobSignal(): AbortSignal {
    return this.abort.signal;
  }
  pause(): void {
    this.moves.push("pause");
  }
  resume(): void {
    this.moves.push("resume");
  }
  made(job: EventJob): void {
    this.job = job;
  }
  /** The answers that the event's code has got, each behind its notice. */
  readonly steps: unknown[] = [];
  goesOn(): void {
    this.steps.push("goes on");
  }
  jobStopped(reason: DisconnectedError): void {
    this.stop = reason;
  }
}

test("a job carries its arguments past the main thread, and resolves with the result", async () => {
  using bench = new Bench();
  const result = bench.client.run("file:///a.ts", "render", ["photo", 3], { timeout: 500 });
  const request = await bench.next("job");
  assert.equal(request.module, "file:///a.ts");
  assert.deepEqual([request.job.name, request.job.line, request.job.timeout], ["render", undefined, 500]);
  assert.ok(request.job.bytes >= 10);
  assert.deepEqual(await told(request), { type: "arguments", arguments: ["photo", 3] });
  post(request, { type: "returned", value: "picture" });
  assert.equal(await result, "picture");
});

test("what the function throws keeps name, message, stack and keys", async () => {
  using bench = new Bench();
  const result = bench.client.run("file:///a.ts", "render", [], {});
  const error = {
    name: "RangeError",
    message: "too large",
    stack: "RangeError: too large\n at x",
    keys: { code: "E" },
  };
  post(await bench.next("job"), { type: "threw", error });
  await assert.rejects(result, { name: "RangeError", message: "too large", stack: /at x/, code: "E" });
});

test("a job that is lost rejects with the class of its error", async () => {
  using bench = new Bench();
  const result = bench.client.run("file:///a.ts", "render", [], {});
  const { id } = await bench.next("job");
  const keys = { code: "ASGIGRAM_QUEUE_FULL" };
  bench.answer({ type: "lost", id, error: { name: "QueueFullError", message: "full", stack: undefined, keys } });
  await assert.rejects(result, (error) => error instanceof QueueFullError);
});

test("a rejection that nothing awaits is no unhandled rejection", async () => {
  using bench = new Bench();
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => void unhandled.push(reason);
  process.on("unhandledRejection", note);
  bench.client.run("file:///a.ts", "render", [], { signal: AbortSignal.abort() });
  await new Promise(setImmediate);
  process.off("unhandledRejection", note);
  assert.deepEqual(unhandled, []);
});

test("an aborted signal rejects at once with its reason, and gives the job up", async () => {
  using bench = new Bench();
  const controller = new AbortController();
  const result = bench.client.run("file:///a.ts", "render", [], { signal: controller.signal });
  const request = await bench.next("job");
  await told(request);
  bench.answer({ type: "started", id: request.id });
  const reason = new Error("/cancel");
  controller.abort(reason);
  await assert.rejects(result, (error) => error === reason);
  const abort = await told(request);
  assert.equal(abort.type === "abort" && abort.reason.message, "/cancel");
  assert.deepEqual(await bench.next("cancel"), { type: "cancel", id: request.id, gently: false });
});

test("a job with a signal that is aborted already is never made", async () => {
  using bench = new Bench();
  await assert.rejects(bench.client.run("file:///a.ts", "render", [], { signal: AbortSignal.abort() }), {
    name: "AbortError",
  });
  bench.client.declare("file:///b.ts", {});
  assert.equal((await bench.next("module")).module, "file:///b.ts");
});

test("where the instance is dropped, a running job is told and its result still comes; one that still waits is lost", async () => {
  const event = new Event();
  using bench = new Bench(() => event);
  const running = bench.client.run("file:///a.ts", "render", [], {});
  const request = await bench.next("job");
  await told(request);
  bench.answer({ type: "started", id: request.id });
  await bench.client.run("file:///a.ts", "noop", [], { signal: AbortSignal.abort() }).catch(() => {});
  const waiting = bench.client.run("file:///a.ts", "render", [], {});
  const second = await bench.next("job");
  post(request, { type: "generator" });
  await running;
  event.abort.abort(new DisconnectedError("the instance is being dropped: shutdown"));
  assert.deepEqual(await bench.next("cancel"), { type: "cancel", id: request.id, gently: true });
  assert.deepEqual(await bench.next("cancel"), { type: "cancel", id: second.id, gently: true });
  bench.answer({ type: "lost", id: second.id, error: dataOfError(new DisconnectedError("not started")) });
  await assert.rejects(waiting, DisconnectedError);
  assert.ok(event.stop instanceof DisconnectedError);
  assert.equal((await told(request)).type, "abort");
});

test("where the instance is dropped, a job that has begun before its caller knows goes on", async () => {
  const event = new Event();
  using bench = new Bench(() => event);
  const result = bench.client.run("file:///a.ts", "render", [], {});
  const request = await bench.next("job");
  event.abort.abort(new DisconnectedError("the instance is being dropped: reload"));
  assert.deepEqual(await bench.next("cancel"), { type: "cancel", id: request.id, gently: true });
  bench.answer({ type: "started", id: request.id });
  post(request, { type: "returned", value: 1 });
  assert.equal(await result, 1);
  assert.equal(event.stop, undefined);
});

test("jobs with signals of their own hear of that, too", async () => {
  const event = new Event();
  using bench = new Bench(() => event);
  const own = { signal: new AbortController().signal };
  const running = bench.client.run("file:///a.ts", "render", [], own);
  const request = await bench.next("job");
  const { stop } = event.job!;
  await told(request);
  bench.answer({ type: "started", id: request.id });
  while (!event.moves.includes("resume")) await new Promise(setImmediate);
  const waiting = bench.client.run("file:///a.ts", "render", [], own);
  const second = await bench.next("job");
  const reason = new DisconnectedError("the instance is being dropped: shutdown");
  for (const tell of [stop, event.job!.stop]) tell(reason);
  for (const { id } of [request, second]) {
    assert.deepEqual(await bench.next("cancel"), { type: "cancel", id, gently: true });
  }
  bench.answer({ type: "lost", id: second.id, error: dataOfError(new DisconnectedError("not started")) });
  await assert.rejects(waiting, DisconnectedError);
  assert.equal((await told(request)).type, "abort");
  post(request, { type: "returned", value: 1 });
  assert.equal(await running, 1);
});

test("the event's clock stands while its job waits, and its scope is the job's line", async () => {
  const event = new Event();
  using bench = new Bench(() => event);
  const result = bench.client.run("file:///a.ts", "render", [], {});
  const request = await bench.next("job");
  assert.equal(request.job.line, "chat:1");
  assert.deepEqual(event.moves, ["pause"]);
  const ahead = event.job!.ahead();
  assert.deepEqual(await bench.next("ahead"), { type: "ahead", id: request.id });
  bench.answer({ type: "ahead", id: request.id, ahead: 3 });
  assert.equal(await ahead, 3);
  post(request, { type: "returned", value: 1 });
  await result;
  assert.deepEqual(event.moves, ["pause", "resume"]);
  assert.equal(await event.job!.ahead(), 0);
});

test("the event hears of each answer before its code goes on", async () => {
  const event = new Event();
  using bench = new Bench(() => event);
  const words = bench.client.run("file:///a.ts", "speak", [], {});
  const request = await bench.next("job");
  const read = (async () => {
    event.steps.push(await event.job!.ahead());
    for await (const word of words) event.steps.push(word);
    event.steps.push("end");
    event.steps.push(await bench.client.share("file:///a.ts"));
    const controller = new AbortController();
    const aborted = bench.client.run("file:///a.ts", "render", [], { signal: controller.signal });
    controller.abort(new Error("enough"));
    event.steps.push(await aborted.catch(({ message }) => message));
  })();
  await bench.next("ahead");
  bench.answer({ type: "ahead", id: request.id, ahead: 3 });
  post(request, { type: "generator" });
  request.job.port.on("message", ({ type }: ToJob) => {
    if (type === "next") post(request, event.steps.includes("word") ? returned : { type: "yielded", value: "word" });
  });
  const returned: FromJob = { type: "returned", value: undefined };
  const { id } = await bench.next("share");
  bench.answer({ type: "shared", id, value: "index" });
  await read;
  const got = event.steps.filter((step) => step !== "goes on");
  assert.deepEqual(got, [3, "word", "end", "index", "enough"]);
  for (const step of got) assert.equal(event.steps[event.steps.indexOf(step) - 1], "goes on", `before ${step}`);
});

test("a generator yields one value for each step that is asked for, and its end", async () => {
  using bench = new Bench();
  const words = bench.client.run("file:///a.ts", "speak", [], {});
  const request = await bench.next("job");
  const asked: string[] = [];
  request.job.port.on("message", ({ type }: ToJob) => {
    asked.push(type);
    if (type === "arguments") post(request, { type: "generator" });
    else if (asked.length <= 3) post(request, { type: "yielded", value: asked.length });
    else post(request, { type: "returned", value: undefined });
  });
  const seen: unknown[] = [];
  for await (const word of words) seen.push(word);
  assert.deepEqual(seen, [2, 3]);
  assert.deepEqual(asked, ["arguments", "next", "next", "next"]);
});

test("the end of the event ends a generator that is between two steps, and no other job", async () => {
  const event = new Event();
  using bench = new Bench(() => event);
  const between = bench.client.run("file:///a.ts", "speak", [], {});
  const request = await bench.next("job");
  const { leave } = event.job!;
  const step = between.next();
  assert.equal((await told(request)).type, "arguments");
  assert.equal((await told(request)).type, "next");
  // Within a step, it is read.
  leave();
  post(request, { type: "generator" });
  post(request, { type: "yielded", value: 1 });
  assert.deepEqual(await step, { done: false, value: 1 });
  leave();
  assert.equal((await told(request)).type, "return");
  post(request, { type: "returned", value: undefined });
  // Values may be missing: code that reads on learns of it.
  await assert.rejects(between.next(), { name: "AbortError", message: /waitUntil/ });
  assert.equal((await between.return(undefined)).done, true);
  leave();
});

test("a job that is rejected for the stop tells its event, and one that finishes or fails by itself does not", async () => {
  const reason = new DisconnectedError("the instance is being dropped: reload");
  const error = (name: string) => ({ name, message: "", stack: undefined, keys: {} });
  for (const [message, stops] of [
    [{ type: "returned", value: 1 }, false],
    [{ type: "threw", error: error("TypeError") }, false],
    [{ type: "threw", error: error("AbortError") }, true],
  ] as const) {
    const event = new Event();
    using bench = new Bench(() => event);
    const result = bench.client.run("file:///a.ts", "render", [], {});
    const request = await bench.next("job");
    bench.answer({ type: "started", id: request.id });
    await told(request);
    while (event.moves.length < 2) await new Promise(setImmediate);
    event.abort.abort(reason);
    post(request, message);
    await result.catch(() => {});
    assert.equal(event.stop, stops ? reason : undefined);
  }
});

test("a loop that is left early ends the generator, and one that fails throws", async () => {
  using bench = new Bench();
  const words = bench.client.run("file:///a.ts", "speak", [], {});
  const request = await bench.next("job");
  request.job.port.on("message", ({ type }: ToJob) => {
    if (type === "next") post(request, { type: "yielded", value: 1 });
    if (type === "return") post(request, { type: "returned", value: undefined });
  });
  for await (const _ of words) break;
  const others = bench.client.run("file:///a.ts", "speak", [], {});
  const error = { name: "Error", message: "no voice", stack: undefined, keys: {} };
  post(await bench.next("job"), { type: "threw", error });
  await assert.rejects(async () => {
    for await (const _ of others);
  }, /no voice/);
  assert.equal((await others.next()).done, true);
});

test("arguments that cannot be copied make no job: its promise rejects, and the event's clock goes on", async () => {
  const event = new Event();
  using bench = new Bench(() => event);
  const result = bench.client.run("file:///a.ts", "render", [() => {}], {});
  await assert.rejects(result, { name: "DataCloneError" });
  assert.deepEqual(event.moves, ["pause", "resume"]);
  const bytes = new ArrayBuffer(8);
  await assert.rejects(bench.client.run("file:///a.ts", "render", [], { transfer: [bytes, bytes] }), {
    name: "DataCloneError",
  });
  assert.equal(event.job, undefined);
  bench.client.declare("file:///b.ts", {});
  assert.equal((await bench.first()).type, "module");
});

test("the size of arguments counts the bytes that are moved", async () => {
  using bench = new Bench();
  const photo = new Uint8Array(100_000);
  bench.client.run("file:///a.ts", "render", [photo], { transfer: [photo.buffer] });
  assert.ok((await bench.next("job")).job.bytes >= 100_000);
  assert.equal(photo.byteLength, 0);
});

test("a result that cannot be built in this thread rejects", async () => {
  using bench = new Bench();
  const result = bench.client.run("file:///a.ts", "render", [], {});
  const request = await bench.next("job");
  // A worker's stack is four times as large as this thread's: it can post what is nested too deep for this one.
  const code = `let value = 1;
    for (let depth = 0; depth < 9000; depth++) value = [value];
    require("node:worker_threads").workerData.postMessage({ type: "returned", value });`;
  new Worker(code, { eval: true, workerData: request.job.port, transferList: [request.job.port] });
  await assert.rejects(result, { name: "RangeError", message: /call stack/ });
});

test("loaded() waits for every module that was named, and rejects with the error of one that is not loaded", async () => {
  using bench = new Bench();
  bench.client.declare("file:///a.ts", { threads: 2 });
  bench.client.declare("file:///b.ts", {});
  assert.deepEqual(await bench.next("module"), { type: "module", module: "file:///a.ts", options: { threads: 2 } });
  const loaded = bench.client.loaded();
  bench.answer({ type: "loaded", module: "file:///a.ts" });
  const error = { name: "ApplicationLoadError", message: "b.ts could not be loaded", detail: "at b.ts" } as const;
  bench.answer({ type: "unloaded", module: "file:///b.ts", error });
  await assert.rejects(loaded, { name: "ApplicationLoadError", message: /b\.ts/, cause: "at b.ts" });
});

test("a module that is named again while it is loaded is loaded once, with the options that came first", async () => {
  using bench = new Bench();
  bench.client.declare("file:///a.ts", { threads: 2 });
  const loaded = bench.client.loaded();
  bench.client.declare("file:///a.ts", { threads: 3 });
  bench.client.declare("file:///b.ts", {});
  const named = [await bench.next("module"), await bench.next("module")];
  assert.deepEqual(
    named.map(({ module, options }) => [module, options]),
    [
      ["file:///a.ts", { threads: 2 }],
      ["file:///b.ts", {}],
    ],
  );
  bench.answer({ type: "loaded", module: "file:///a.ts" });
  await loaded;
});

test("share() resolves with the value, or rejects with the module's error", async () => {
  using bench = new Bench();
  const value = bench.client.share("file:///index.ts");
  const { id } = await bench.next("share");
  bench.answer({ type: "shared", id, value: { words: 3 } });
  assert.deepEqual(await value, { words: 3 });
  const failed = bench.client.share("file:///index.ts");
  const error = { name: "Error", message: "no disk", stack: undefined, keys: {} };
  bench.answer({ type: "unshared", id: (await bench.next("share")).id, error });
  await assert.rejects(failed, /no disk/);
});

test("the end of the main thread's port ends everything that is open", async () => {
  const bench = new Bench();
  const job = bench.client.run("file:///a.ts", "render", [], {});
  const value = bench.client.share("file:///index.ts");
  bench[Symbol.dispose]();
  await assert.rejects(job, { name: "JobCrashedError", message: "the heavy threads have ended" });
  await assert.rejects(value, { name: "JobCrashedError" });
});

test("after the end of the main thread's port nothing waits: what is asked then rejects at once", async () => {
  const event = new Event();
  const bench = new Bench(() => event);
  const job = bench.client.run("file:///a.ts", "render", [], {});
  bench[Symbol.dispose]();
  await assert.rejects(job);
  const ended = { name: "JobCrashedError", message: "the heavy threads have ended" };
  await assert.rejects(bench.client.run("file:///a.ts", "render", [], {}), ended);
  await assert.rejects(bench.client.share("file:///index.ts"), ended);
  bench.client.declare("file:///a.ts", {});
  await assert.rejects(bench.client.loaded(), ended);
  assert.equal(await event.job!.ahead(), 0);
  assert.deepEqual(event.moves, ["pause", "resume", "pause", "resume"]);
});
