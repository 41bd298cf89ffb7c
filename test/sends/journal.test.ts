import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NetworkError, TelegramError } from "../../src/protocol/errors.ts";
import type { Call } from "../../src/protocol/port.ts";
import { type JournalFact, type RecordedCall, UNKNOWN } from "../../src/protocol/recorded-call.ts";
import { type CallingEvent, type Entry, Journal, type JournalOptions } from "../../src/sends/journal.ts";

const REFUSED = new TelegramError("sendMessage", 400, "Bad Request: chat not found");
const LOST = new NetworkError("sendMessage", "unknown", "no answer in time");
const NEVER_SENT = new NetworkError("sendMessage", "none", "the server is stopping");

/** A journal, and everything that it records. */
class Bench {
  readonly facts: JournalFact[] = [];
  readonly full: CallingEvent[] = [];
  readonly journal: Journal<string>;
  /** Lives of workers. */
  readonly first = { life: 1 };
  readonly second = { life: 2 };

  constructor(options: Partial<JournalOptions> = {}) {
    this.journal = new Journal({
      keepsCalls: true,
      isSecret: (text) => text.includes("secret"),
      record: (fact) => this.facts.push(fact),
      onFull: (event) => this.full.push(event),
      ...options,
    });
  }

  /** A call of an event in the given life, as it would go out. */
  call(life: object, text: string, event?: CallingEvent, others?: number[]): Entry<string> {
    return this.journal.called(life, send(text), event, others)!;
  }

  /** The call goes out, and is answered. */
  answer(entry: Entry<string>, answer = `answer to ${entry.body}`): void {
    this.journal.answered(entry, answer);
  }
}

const send = (text: string): Call => ({ method: "sendMessage", lane: "5", body: text });
const edit = (text: string): Call => ({ method: "editMessageText", lane: "5", body: text });
const FIRST = { seq: 1, attempts: 1 };
const AGAIN = { seq: 1, attempts: 2 };

describe("an event that is delivered again after the death of its worker", () => {
  test("equal calls get the recorded answers, each once, in whatever order; another call is a new one", () => {
    const { journal, ...bench } = new Bench();
    const { first, second } = bench;
    const calls = ["one", "two", "two"].map((text) => journal.called(first, send(text), FIRST)!);
    for (const [i, call] of calls.entries()) journal.answered(call, `answer ${i}`);
    const answers = ["two", "three", "two", "one", "two"].map(
      (text) => journal.called(second, send(text), AGAIN)!.answer,
    );
    assert.deepEqual(answers, ["answer 1", undefined, "answer 2", "answer 0", undefined]);
  });

  test("a third delivery gets the answers of both deliveries before", () => {
    const bench = new Bench();
    bench.answer(bench.call(bench.first, "one", FIRST));
    assert.equal(bench.call(bench.second, "one", AGAIN).answer, "answer to one");
    bench.answer(bench.call(bench.second, "two", AGAIN));
    const third = { life: 3 };
    const texts = ["two", "one", "one"].map((text) => bench.call(third, text, { seq: 1, attempts: 3 }).answer);
    assert.deepEqual(texts, ["answer to two", "answer to one", undefined]);
  });

  test("an equal call finds the one that is under way", () => {
    const bench = new Bench();
    const call = bench.call(bench.first, "one", FIRST);
    call.sending = "the sending";
    const again = bench.call(bench.second, "one", AGAIN);
    assert.equal(again, call);
    assert.equal(again.sending, "the sending");
  });

  test("another method, and another event's equal call, are new calls", () => {
    const bench = new Bench();
    bench.answer(bench.call(bench.first, "one", FIRST));
    const { journal, second } = bench;
    assert.equal(journal.called(second, { ...send("one"), method: "sendRichMessage" }, AGAIN)!.answer, undefined);
    assert.equal(bench.call(second, "one", { seq: 2, attempts: 1 }).answer, undefined);
  });
});

test("equal calls of one delivery are calls of their own", () => {
  const bench = new Bench();
  bench.answer(bench.call(bench.first, "one", FIRST));
  assert.equal(bench.call(bench.first, "one", FIRST).answer, undefined);
});

test("an event that its worker tries again gets the answers, and the worker's other events do not", () => {
  const bench = new Bench();
  bench.answer(bench.call(bench.first, "one", FIRST));
  bench.answer(bench.call(bench.first, "one", { seq: 2, attempts: 1 }));
  assert.equal(bench.call(bench.first, "one", AGAIN).answer, "answer to one");
  assert.equal(bench.call(bench.first, "one", AGAIN).answer, undefined);
  assert.equal(bench.call(bench.first, "one", { seq: 2, attempts: 1 }).answer, undefined);
});

describe("a call of an instance with several events", () => {
  test("each of the events knows it, and one of them uses it up", () => {
    const bench = new Bench();
    bench.answer(bench.call(bench.first, "album", FIRST, [2]));
    assert.equal(bench.call(bench.second, "album", { seq: 2, attempts: 2 }).answer, "answer to album");
    assert.equal(bench.call(bench.second, "album", AGAIN).answer, undefined);
  });

  test("it is forgotten with the last of them", () => {
    const bench = new Bench();
    bench.answer(bench.call(bench.first, "album", FIRST, [2]));
    bench.journal.settled([1]);
    assert.equal(bench.call(bench.second, "album", { seq: 2, attempts: 2 }).answer, "answer to album");
    bench.journal.settled([2]);
    assert.equal(bench.call({}, "album", { seq: 2, attempts: 3 }).answer, undefined);
  });

  test("a new event gets no answer that belongs to a settled one, though an event of both times is kept", () => {
    const bench = new Bench();
    bench.answer(bench.call(bench.first, "pong", { seq: 2, attempts: 1 }, [1]));
    bench.journal.settled([2]);
    assert.equal(bench.call(bench.second, "pong", { seq: 3, attempts: 1 }, [1]).answer, undefined);
  });

  test("the first call of an event's own does not take an answer of this delivery", () => {
    const bench = new Bench();
    bench.answer(bench.call(bench.first, "pong", { seq: 2, attempts: 1 }, [1]));
    assert.equal(bench.call(bench.first, "pong", FIRST).answer, undefined);
  });

  test("a call outside the event at hand is recorded for the kept ones", () => {
    const bench = new Bench();
    bench.answer(bench.call(bench.first, "done", undefined, [1]));
    assert.equal(bench.call(bench.second, "done", AGAIN).answer, "answer to done");
  });
});

describe("a call that failed", () => {
  for (const [what, error] of Object.entries({ "was refused": REFUSED, "was never sent": NEVER_SENT })) {
    test(`a call that ${what} is made again`, () => {
      const bench = new Bench();
      const call = bench.call(bench.first, "one", FIRST);
      assert.equal(bench.journal.failed(call, error), undefined);
      assert.notEqual(bench.call(bench.second, "one", AGAIN), call);
      assert.equal(bench.journal.past(1), undefined);
      assert.deepEqual(bench.facts[1], { type: "dropped", seqs: [1], id: call.id });
    });
  }

  test("a call whose answer is lost is uncertain until an equal one is answered", () => {
    const bench = new Bench();
    const call = bench.call(bench.first, "one", FIRST);
    bench.journal.failed(call, LOST);
    const uncertain = [{ method: "sendMessage", body: "one" }];
    assert.deepEqual(bench.journal.past(1), { uncertain, saved: undefined });
    const again = bench.call(bench.second, "one", AGAIN);
    assert.equal(again, call);
    bench.journal.failed(again, REFUSED);
    assert.deepEqual(bench.journal.past(1), { uncertain, saved: undefined });
    bench.answer(bench.call({}, "one", { seq: 1, attempts: 3 }));
    assert.equal(bench.journal.past(1), undefined);
  });
});

describe("a method that may be repeated", () => {
  test("its recorded answer counts where Telegram refuses what it had granted, and only there", () => {
    const { journal, first, second } = new Bench();
    journal.answered(journal.called(first, edit("one"), FIRST)!, "granted");
    const again = journal.called(second, edit("one"), AGAIN)!;
    assert.equal(journal.failed(again, LOST), undefined);
    const third = journal.called({}, edit("one"), { seq: 1, attempts: 3 })!;
    assert.equal(journal.failed(third, REFUSED), "granted");
  });

  test("nothing of it is uncertain, and nothing is recorded before its answer", () => {
    const { journal, facts, first } = new Bench();
    const call = journal.called(first, edit("one"), FIRST)!;
    assert.deepEqual(facts, []);
    assert.equal(journal.failed(call, LOST), undefined);
    assert.equal(journal.past(1), undefined);
    assert.deepEqual(facts, []);
    journal.answered(journal.called(first, edit("two"), FIRST)!, "granted");
    assert.deepEqual(
      facts.map(({ type }) => type),
      ["called", "answered"],
    );
  });
});

test("what reads, shows an action, or shows a draft is not recorded", () => {
  const { journal, first } = new Bench();
  for (const method of ["getChat", "downloadFile", "sendChatAction", "sendMessageDraft"]) {
    assert.equal(journal.called(first, { ...send("one"), method }, FIRST), undefined, method);
  }
});

test("without --journal, and outside an event, nothing is recorded", () => {
  const { journal, first } = new Bench({ keepsCalls: false });
  assert.equal(journal.called(first, send("one"), FIRST), undefined);
  const bench = new Bench();
  assert.equal(bench.journal.called(bench.first, send("one"), undefined), undefined);
  assert.deepEqual(bench.facts, []);
});

test("what holds a secret is not recorded", () => {
  const bench = new Bench();
  assert.equal(bench.journal.called(bench.first, send("a secret"), FIRST), undefined);
  const call = bench.call(bench.first, "one", FIRST);
  bench.answer(call, "a secret");
  assert.deepEqual(bench.facts[1], { type: "dropped", seqs: [1], id: call.id });
  assert.notEqual(bench.call(bench.second, "one", AGAIN), call);
});

describe("a call with files", () => {
  const withFile = (name: string, fingerprint: string | undefined): Call => {
    const source = { bytes: new Uint8Array() };
    const file = { name, key: "photo", filename: undefined, content_type: undefined, fingerprint, source };
    return { method: "sendPhoto", lane: "5", body: `{"photo":"attach://${name}"}`, files: [file] };
  };

  test("equal files make equal calls, whatever the names of their attachments", () => {
    const { journal, first, second } = new Bench();
    journal.answered(journal.called(first, withFile("file-1", "abc"), FIRST)!, "sent");
    assert.equal(journal.called(second, withFile("file-2", "abd"), AGAIN)!.answer, undefined);
    assert.equal(journal.called(second, withFile("file-3", "abc"), AGAIN)!.answer, "sent");
  });

  test("no file's name is mistaken for a longer one: an album of ten is recognized when it is sent again", () => {
    const { journal, first, second } = new Bench();
    const album = (from: number, last: string): Call => {
      const names = Array.from({ length: 10 }, (_, i) => `file-${from + i}`);
      const media = names.map((name) => ({ media: `attach://${name}` }));
      const files = names.flatMap((name, i) => withFile(name, i === 9 ? last : `photo ${i}`).files!);
      return { method: "sendMediaGroup", lane: "5", body: JSON.stringify({ media }), files };
    };
    journal.answered(journal.called(first, album(1, "last"), FIRST)!, "sent");
    assert.equal(journal.called(second, album(1, "another"), AGAIN)!.answer, undefined);
    assert.equal(journal.called(second, album(11, "last"), AGAIN)!.answer, "sent");
  });

  test("a call with a file that has no fingerprint is not recorded", () => {
    const { journal, first } = new Bench();
    assert.equal(journal.called(first, withFile("file-1", undefined), FIRST), undefined);
  });
});

describe("the bounds of an event's journal", () => {
  test("the 1,001st call is not recorded, and that is told once", () => {
    const bench = new Bench();
    for (let i = 0; i < 1000; i++) bench.answer(bench.call(bench.first, `${i}`, FIRST));
    for (const text of ["1000", "1001"]) assert.equal(bench.journal.called(bench.first, send(text), FIRST), undefined);
    assert.deepEqual(bench.full, [FIRST]);
    assert.equal(bench.call(bench.second, "999", AGAIN).answer, "answer to 999");
  });

  test("a call beyond 1 MB is not recorded, be it for its parameters or for its answer", () => {
    const bench = new Bench();
    assert.equal(bench.journal.called(bench.first, send("x".repeat(2 ** 20 + 1)), FIRST), undefined);
    const call = bench.call(bench.first, "one", FIRST);
    bench.answer(call, "x".repeat(2 ** 20));
    assert.deepEqual(bench.full, [FIRST]);
    assert.equal(bench.call(bench.second, "one", AGAIN).answer, undefined);
    assert.deepEqual(bench.facts[1], { type: "dropped", seqs: [1], id: call.id });
  });

  test("answers to edits, and to calls of other events, make room", () => {
    const bench = new Bench();
    const { journal, first, second } = bench;
    bench.answer(bench.call(first, "keep", FIRST));
    for (let i = 0; i < 1500; i++) journal.answered(journal.called(first, edit(`${i}`), FIRST)!, "granted");
    for (let i = 0; i < 1500; i++) bench.answer(bench.call(first, `pong ${i}`, { seq: i + 2, attempts: 1 }, [1]));
    bench.answer(bench.call(first, "last", FIRST));
    assert.deepEqual(bench.full, []);
    assert.equal(bench.call(second, "keep", AGAIN).answer, "answer to keep");
    assert.equal(bench.call(second, "last", AGAIN).answer, "answer to last");
  });
});

describe("facts", () => {
  test("a call is a fact before it goes out, and so is its answer", () => {
    const bench = new Bench();
    const call = bench.call(bench.first, "one", FIRST);
    bench.answer(call, "sent");
    const { id } = call;
    assert.deepEqual(bench.facts, [
      { type: "called", seqs: [1], call: { id, method: "sendMessage", lane: "5", body: "one" } },
      { type: "answered", seqs: [1], id, answer: "sent" },
    ]);
  });

  test("an answer that comes when all events of the call are settled is none", () => {
    const bench = new Bench();
    const call = bench.call(bench.first, "one", FIRST, [2]);
    bench.journal.settled([1]);
    bench.answer(call, "sent");
    assert.deepEqual(bench.facts.at(-1), { type: "answered", seqs: [2], id: call.id, answer: "sent" });
    const late = bench.call(bench.first, "two", { seq: 3, attempts: 1 });
    bench.journal.settled([3]);
    const before = bench.facts.length;
    bench.answer(late);
    assert.equal(bench.facts.length, before);
  });

  test("an answer that comes when the event is a dead letter is recorded with that", () => {
    const bench = new Bench();
    const call = bench.call(bench.first, "one", FIRST);
    call.sending = "under way";
    bench.journal.deadLettered(1);
    bench.answer(call, "sent");
    assert.deepEqual(bench.facts.at(-1), { type: "answered", seqs: [1], id: call.id, answer: "sent" });
    assert.equal(bench.call(bench.second, "one", AGAIN).answer, undefined);
  });
});

describe("a journal that an earlier process has left", () => {
  const record = (id: number, body: string, answer: string | undefined): RecordedCall => {
    return { id, method: "sendMessage", lane: "5", body, answer };
  };

  test("answers count, and calls without one are uncertain", () => {
    const bench = new Bench();
    bench.journal.restore(1, [record(1, "one", "sent"), record(2, "two", UNKNOWN), record(3, "three", undefined)], "7");
    const uncertain = ["two", "three"].map((body) => ({ method: "sendMessage", body }));
    assert.deepEqual(bench.journal.past(1), { uncertain, saved: "7" });
    const answers = ["one", "two", "one"].map((text) => bench.call(bench.first, text, AGAIN).answer);
    assert.deepEqual(answers, ["sent", UNKNOWN, undefined]);
  });

  test("a dead letter that a person retries counts as delivered for the first time, and has its answers", () => {
    const bench = new Bench();
    bench.journal.restore(1, [record(1, "one", "sent")], undefined);
    assert.equal(bench.call(bench.first, "one", FIRST).answer, "sent");
  });

  test("a call of several events is used up once", () => {
    const bench = new Bench();
    const call = record(1, "album", "sent");
    bench.journal.restore(1, [call], undefined);
    bench.journal.restore(2, [call], undefined);
    assert.equal(bench.call(bench.first, "album", { seq: 2, attempts: 2 }).answer, "sent");
    assert.equal(bench.call(bench.first, "album", AGAIN).answer, undefined);
  });

  test("the numbers of new calls are higher", () => {
    const before = Date.now() * 1000;
    const bench = new Bench();
    assert.ok(bench.call(bench.first, "one", FIRST).id > before);
  });
});

test("what an event saves is in its past, and is forgotten when the event is settled", () => {
  const { journal, facts } = new Bench({ keepsCalls: false });
  journal.saved(1, '{"page":1}');
  journal.saved(1, '{"page":2}');
  assert.deepEqual(journal.past(1), { uncertain: [], saved: '{"page":2}' });
  assert.deepEqual(facts.at(-1), { type: "saved", seqs: [1], json: '{"page":2}' });
  journal.settled([1]);
  assert.equal(journal.past(1), undefined);
});
