import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { MessageChannel, type Transferable } from "node:worker_threads";
import { FileError, NetworkError, TelegramError } from "../../src/protocol/errors.ts";
import type { Answer, Call, ToWorker, Upload, UploadStream } from "../../src/protocol/port.ts";
import { Journal } from "../../src/sends/journal.ts";
import type { Sending } from "../../src/sends/sending.ts";
import {
  type CallOrigin,
  type WorkerCall,
  WorkerCalls,
  type WorkerCallsOptions,
} from "../../src/sends/worker-calls.ts";
import { eventually } from "../eventually.ts";
import { Folder } from "../folder.ts";

const PLACE = { seq: 7, scope: "chat:1", update_id: 70, kind: "message" };
const CALL: Call = { method: "sendMessage", lane: "1", body: "{}" };

/** A worker with one posted event, number 7, and everything that became of its calls. */
class Bench {
  readonly sendings: Sending[] = [];
  readonly pushed: { item: ToWorker; transfer: readonly Transferable[] | undefined }[] = [];
  readonly observed: [worker: number, call: Call, origin: CallOrigin | undefined][] = [];
  readonly over: unknown[][] = [];
  readonly logged: [level: string, fields: object, message: string][] = [];
  /** Posted events of worker 3, by number. */
  readonly posted = new Map<number, CallOrigin>([[7, { ...PLACE, attempts: 1 }]]);
  /** Facts that reach the chat actions. */
  readonly actions: string[] = [];
  turns = 0;
  traces = true;
  hasSubscribers = true;

  readonly worker = this.#newLife();
  /** The worker that replaces it. */
  readonly next = this.#newLife();

  readonly journal = new Journal<WorkerCall>({
    keepsCalls: true,
    isSecret: () => false,
    record: () => {},
    onFull: () => {},
  });

  /** Options that a test may change. */
  readonly options: { uncertain: "repeat" | "reject" } = { uncertain: "repeat" };

  readonly #calls = new WorkerCalls(
    Object.assign(this.options, {
      journal: this.journal,
      outbox: { post: (sending) => void this.sendings.push(sending) },
      chatActions: {
        begin: (worker, { seq }) => void this.actions.push(`${seq} of worker ${worker} is busy`),
        called: (seq, { method }) => void this.actions.push(`${seq} calls ${method}`),
        uploaded: (seq, { method }) => void this.actions.push(`${seq} has uploaded ${method}`),
      },
      onPosted: () => {
        this.turns += 1;
      },
      posted: (worker, seq) => (worker === 3 ? this.posted.get(seq) : undefined),
      observe: (...call) => {
        this.observed.push(call);
        return this.hasSubscribers ? (...outcome) => void this.over.push(outcome) : undefined;
      },
      log: {
        isLevelEnabled: () => this.traces,
        trace: (fields, message) => void this.logged.push(["trace", fields, message]),
        info: (fields, message) => void this.logged.push(["info", fields, message]),
      },
    } satisfies Omit<WorkerCallsOptions, "uncertain">),
  );

  busy(): void {
    this.#calls.busy(this.worker, { type: "busy", seq: 7, call: { ...CALL, method: "sendChatAction" } });
  }

  call(call: Call = CALL, from: number | string = 7, id = 1): Sending {
    this.#calls.call(this.worker, { type: "call", id, call, from });
    return this.sendings.at(-1)!;
  }

  /** The event is delivered again, and makes a call. @returns the items for its worker, and the calls that go out */
  callAgain(call: Call = CALL, id = 2): { items: ToWorker[]; sendings: readonly Sending[] } {
    const [sendings, pushed] = [this.sendings.length, this.pushed.length];
    this.#calls.call(this.next, { type: "call", id, call, from: 7 });
    return { items: this.pushed.slice(pushed).map(({ item }) => item), sendings: this.sendings.slice(sendings) };
  }

  saved(seq: number, json: string): void {
    this.#calls.saved(this.worker, { type: "saved", seq, json });
  }

  #newLife() {
    const push = (item: ToWorker, transfer?: readonly Transferable[]) => void this.pushed.push({ item, transfer });
    return { number: 3, push };
  }
}

const withFiles = (...sources: Upload["source"][]): Call => ({
  ...CALL,
  files: sources.map((source, i) => {
    return { name: `file-${i}`, key: "document", filename: undefined, content_type: undefined, source };
  }),
});

test("a call is posted to the outbox as it is, and its turn ends", () => {
  const bench = new Bench();
  bench.call();
  assert.deepEqual(
    bench.sendings.map(({ call }) => call),
    [CALL],
  );
  assert.equal(bench.turns, 1);
  assert.deepEqual(bench.pushed, []);
});

test("the chat actions hear when the files of a call are uploaded", () => {
  const bench = new Bench();
  for (const call of [CALL, withFiles()]) bench.call(call).succeeded("{}");
  bench.call(withFiles()).failed(new Error("no"));
  const calls = `7 calls ${CALL.method}`;
  assert.deepEqual(bench.actions, [calls, calls, `7 has uploaded ${CALL.method}`, calls]);
});

describe("an answer", () => {
  test("a result goes to the worker under the call's number, as Telegram's text", () => {
    const bench = new Bench();
    const [first, second] = [bench.call(CALL, 7, 1), bench.call(CALL, 7, 2)];
    second!.succeeded('{"ok":true,"result":2}');
    first!.succeeded('{"ok":true,"result":1}');
    assert.deepEqual(bench.pushed, [
      { item: { type: "result", id: 2, body: '{"ok":true,"result":2}' }, transfer: undefined },
      { item: { type: "result", id: 1, body: '{"ok":true,"result":1}' }, transfer: undefined },
    ]);
  });

  const { port1: port } = new MessageChannel();
  port.close();
  const bytes = new Uint8Array(3);
  const files: [what: string, file: Exclude<Answer, string>, transfer: readonly unknown[]][] = [
    ["bytes are transferred, not copied", { bytes }, [bytes.buffer]],
    ["a stream's port is transferred", { port }, [port]],
    ["a path is copied", { path: "/tmp/file" }, []],
  ];
  for (const [what, file, transfer] of files) {
    test(`a downloaded file goes to the worker: ${what}`, () => {
      const bench = new Bench();
      bench.call({ ...CALL, method: "downloadFile" }).succeeded(file);
      assert.deepEqual(bench.pushed, [{ item: { type: "file", id: 1, file }, transfer }]);
    });
  }
});

describe("an error", () => {
  const failures: [error: unknown, failure: object][] = [
    [
      new TelegramError("sendMessage", 429, "Slow", { retry_after: 3 }),
      {
        name: "TelegramError",
        method: "sendMessage",
        error_code: 429,
        description: "Slow",
        parameters: { retry_after: 3 },
      },
    ],
    [
      new NetworkError("sendMessage", "none", "ECONNREFUSED"),
      { name: "NetworkError", method: "sendMessage", delivery: "none", reason: "ECONNREFUSED" },
    ],
    [
      new FileError("sendMessage", "document", "no such file"),
      { name: "FileError", method: "sendMessage", key: "document", reason: "no such file" },
    ],
    [
      new TypeError("a defect"),
      {
        name: "NetworkError",
        method: "sendMessage",
        delivery: "unknown",
        reason: "the call broke off (TypeError: a defect)",
      },
    ],
  ];
  for (const [error, failure] of failures) {
    test(`${(error as Error).name} goes to the worker as data, and into the log`, () => {
      const bench = new Bench();
      bench.call(CALL, 7, 5).failed(error);
      assert.deepEqual(bench.pushed, [{ item: { type: "failure", id: 5, error: failure }, transfer: undefined }]);
      const { seq: _, ...place } = PLACE;
      const fields = { worker: 3, method: "sendMessage", lane: "1", ...place, error: (error as Error).message };
      assert.deepEqual(bench.logged, [["info", fields, "a call failed"]]);
    });
  }
});

test("the chat actions hear of a busy event, and of the calls of events", () => {
  const bench = new Bench();
  bench.busy();
  bench.call(CALL, 7);
  bench.call(CALL, "chat:1");
  assert.deepEqual(bench.actions, ["7 of worker 3 is busy", "7 calls sendMessage"]);
  assert.equal(bench.sendings.length, 2);
});

describe("a call that waits", () => {
  test("the worker is told once that Telegram makes the call wait", () => {
    const bench = new Bench();
    const sending = bench.call(CALL, 7, 5);
    sending.delayed!();
    sending.delayed!();
    assert.deepEqual(bench.pushed, [{ item: { type: "delayed", id: 5 }, transfer: undefined }]);
  });

  test("a call that a newer one supersedes lets go of its body and its files, and still gets its answer", async () => {
    const { port1, port2 } = new MessageChannel();
    const closed = once(port1, "close");
    const bench = new Bench();
    const sending = bench.call(withFiles({ bytes: new Uint8Array(1) }, { port: port2 }), 7, 5);
    sending.superseded!();
    await closed;
    assert.deepEqual(sending.call, { ...CALL, body: "" });
    sending.succeeded('{"ok":true,"result":true}');
    assert.deepEqual(bench.pushed[0]!.item, { type: "result", id: 5, body: '{"ok":true,"result":true}' });
    assert.deepEqual(bench.over, [[]]);
  });
});

const ends: Record<string, (sending: Sending) => void> = {
  succeeded: (sending) => sending.succeeded('{"ok":true,"result":true}'),
  failed: (sending) => sending.failed(new TypeError("a fault")),
  "been superseded": (sending) => sending.superseded!(),
};
for (const [what, end] of Object.entries(ends)) {
  test(`the temporary file of a call is removed when it has ${what}`, async () => {
    using folder = new Folder();
    const path = folder.write("upload", "content");
    end(new Bench().call(withFiles({ path, isTemporary: true }))!);
    await eventually(
      () => !existsSync(path),
      () => `${path} is there`,
    );
  });
}

describe("the origin of a call", () => {
  test("an instance's posted event is found when the call is made, since it may be settled at the answer", () => {
    const bench = new Bench();
    const sending = bench.call();
    bench.posted.clear();
    sending.succeeded("{}");
    assert.deepEqual(bench.observed, [[3, CALL, { ...PLACE, attempts: 1 }]]);
    const { seq: _, ...place } = PLACE;
    const fields = { worker: 3, method: "sendMessage", lane: "1", ...place };
    assert.deepEqual(bench.logged, [["trace", fields, "a call succeeded"]]);
  });

  test("an instance without an event has its scope alone", () => {
    const bench = new Bench();
    bench.call(CALL, "chat:9").succeeded("{}");
    assert.deepEqual(bench.observed, [[3, CALL, { scope: "chat:9" }]]);
    assert.deepEqual(bench.logged[0]![1], { worker: 3, method: "sendMessage", lane: "1", scope: "chat:9" });
  });

  test("an event that is settled already leaves the origin unknown", () => {
    const bench = new Bench();
    bench.call({ ...CALL, lane: undefined }, 8).succeeded("{}");
    assert.deepEqual(bench.observed[0]![2], undefined);
    assert.deepEqual(bench.logged[0]![1], { worker: 3, method: "sendMessage", lane: undefined });
  });
});

describe("bulk", () => {
  test("a call outside an event is bulk; one of an event is not, though the event may be settled", () => {
    const bench = new Bench();
    const isBulk = (from: number | string) => bench.call(CALL, from).isBulk;
    assert.deepEqual([isBulk("chat:1"), isBulk(7), isBulk(8)], [true, false, false]);
  });

  test("a call may say itself that it is bulk, or that it is not, also when it is superseded", () => {
    const bench = new Bench();
    for (const bulk of [true, false]) {
      for (const from of [7, "chat:1"]) {
        const sending = bench.call({ ...CALL, bulk }, from);
        assert.equal(sending.isBulk, bulk);
        sending.superseded!();
        assert.equal(sending.isBulk, bulk);
      }
    }
  });
});

describe("an observer", () => {
  test("an observer learns the end of a call once: without an error if it succeeded", () => {
    const bench = new Bench();
    bench.call().succeeded("{}");
    assert.deepEqual(bench.over, [[]]);
  });

  test("an observer learns the error of a call that failed", () => {
    const bench = new Bench();
    const error = new NetworkError("sendMessage", "unknown", "ECONNRESET");
    bench.call().failed(error);
    assert.deepEqual(bench.over, [[error]]);
  });

  test("a call without an observer is answered all the same", () => {
    const bench = new Bench();
    bench.hasSubscribers = false;
    bench.call().succeeded("{}");
    bench.call().failed(new NetworkError("sendMessage", "unknown", "ECONNRESET"));
    assert.deepEqual(
      bench.pushed.map(({ item }) => item.type),
      ["result", "failure"],
    );
  });
});

test("a call that succeeded is not logged below level trace", () => {
  const bench = new Bench();
  bench.traces = false;
  bench.call().succeeded("{}");
  assert.deepEqual(bench.logged, []);
  assert.equal(bench.pushed.length, 1);
});

describe("a call of an event that is delivered again", () => {
  const EDIT: Call = { ...CALL, method: "editMessageText" };
  const REFUSED = new TelegramError("editMessageText", 400, "Bad Request: message is not modified");
  const LOST = new NetworkError("sendMessage", "unknown", "ECONNRESET");

  test("it gets the recorded answer at once, and does not go out", () => {
    const bench = new Bench();
    bench.call().succeeded("{}");
    const { items, sendings } = bench.callAgain();
    assert.deepEqual(items, [{ type: "result", id: 2, body: "{}" }]);
    assert.deepEqual(sendings, []);
    assert.equal(bench.observed.length, 1);
    assert.equal(bench.callAgain({ ...CALL, body: "{} " }).sendings.length, 1);
  });

  for (const [what, end, expected] of [
    ["the answer", (sending: Sending) => sending.succeeded("{}"), "result"],
    ["the error", (sending: Sending) => sending.failed(LOST), "failure"],
  ] as const) {
    test(`it joins the call that is under way, and gets ${what} of that`, () => {
      const bench = new Bench();
      const sending = bench.call();
      assert.deepEqual(bench.callAgain(), { items: [], sendings: [] });
      end(sending);
      const answered = bench.pushed.map(({ item }) => "id" in item && [item.type, item.id]);
      assert.deepEqual(answered, [
        [expected, 1],
        [expected, 2],
      ]);
    });
  }

  test("it is told that Telegram makes the call wait, before it joins or after", () => {
    const bench = new Bench();
    const sending = bench.call();
    bench.callAgain();
    sending.delayed!();
    const ids = bench.pushed.map(({ item }) => item.type === "delayed" && item.id);
    assert.deepEqual(ids, [1, 2]);
    const another = new Bench();
    another.call().delayed!();
    assert.deepEqual(another.callAgain().items, [{ type: "delayed", id: 2 }]);
  });

  test("an edit is made again, and the recorded answer counts if Telegram refuses it", () => {
    const bench = new Bench();
    bench.call(EDIT).succeeded("granted");
    const { sendings } = bench.callAgain(EDIT);
    assert.equal(sendings.length, 1);
    sendings[0]!.failed(REFUSED);
    assert.deepEqual(bench.pushed.at(-1)!.item, { type: "result", id: 2, body: "granted" });
    assert.deepEqual(bench.over.at(-1), [REFUSED]);
  });

  test("a call whose answer was lost is made again, or rejected with --uncertain reject", () => {
    const bench = new Bench();
    bench.call().failed(LOST);
    assert.equal(bench.journal.past(7)?.uncertain.length, 1);
    assert.equal(bench.callAgain().sendings.length, 1);
    const other = new Bench();
    other.options.uncertain = "reject";
    other.call().failed(LOST);
    other.journal.past(7);
    const { items, sendings } = other.callAgain();
    assert.deepEqual(sendings, []);
    const reason = "it was sent before, and its answer is not known";
    const error = { name: "NetworkError", method: "sendMessage", delivery: "unknown", reason };
    assert.deepEqual(items, [{ type: "failure", id: 2, error }]);
  });

  test("a call that comes too late to join one whose answer was lost gets its error, and is made again after that", () => {
    const bench = new Bench();
    bench.call().failed(LOST);
    const { items, sendings } = bench.callAgain();
    assert.deepEqual([items.map(({ type }) => type), sendings], [["failure"], []]);
    bench.posted.set(7, { ...PLACE, attempts: 2 });
    assert.equal(bench.callAgain(CALL, 3).sendings.length, 1);
  });

  test("a worker that tries an event again makes a call again whose error it has had", () => {
    const bench = new Bench();
    bench.call().failed(LOST);
    bench.posted.set(7, { ...PLACE, attempts: 2 });
    const before = bench.sendings.length;
    bench.call();
    assert.equal(bench.sendings.length, before + 1);
  });
});

test("the state of an event is saved while its worker has the event", () => {
  const bench = new Bench();
  bench.saved(7, '{"page":1}');
  bench.saved(8, '{"page":2}');
  assert.deepEqual(bench.journal.past(7), { uncertain: [], saved: '{"page":1}' });
  assert.equal(bench.journal.past(8), undefined);
});

test("a call that is given up because the server stops is no line of the log", () => {
  const bench = new Bench();
  bench.call().failed(new NetworkError("sendMessage", "none", "the server is stopping"), true);
  assert.deepEqual(bench.logged, []);
  assert.deepEqual([bench.over.length, bench.pushed.length], [1, 1]);
});

describe("a call's streams", () => {
  test("a stream that closes while the call waits is lost", async () => {
    const { port1, port2 } = new MessageChannel();
    const source: UploadStream = { port: port2 };
    new Bench().call(withFiles({ path: "/a" }, source));
    port1.close();
    await once(port2, "close");
    assert.equal(source.isLost, true);
  });

  test("a stream is closed when the call failed", async () => {
    const { port1, port2 } = new MessageChannel();
    const closed = once(port1, "close");
    const sending = new Bench().call(withFiles({ bytes: new Uint8Array(1) }, { port: port2 }));
    sending.failed(new NetworkError("sendDocument", "none", "the server is stopping"));
    await closed;
  });

  test("a stream stays open while the call waits", async () => {
    const { port1, port2 } = new MessageChannel();
    let isClosed = false;
    port1.on("close", () => {
      isClosed = true;
    });
    new Bench().call(withFiles({ port: port2 }));
    await turn();
    await turn();
    assert.equal(isClosed, false);
    port1.close();
  });
});
