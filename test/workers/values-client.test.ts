/** The stored values as the code of instances has them. The test plays the main thread: it answers questions, and sees what leaves. */

import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { delivery } from "../../src/protocol/delivery.ts";
import { ForeignKeyError, RetryLater } from "../../src/protocol/errors.ts";
import type { ToMain } from "../../src/protocol/port.ts";
import { routeOf, type TelegramObject } from "../../src/protocol/route.ts";
import { provide } from "../../src/protocol/services.ts";
import type { StoredValue, StoredWrite } from "../../src/protocol/stored-value.ts";
import { currentEvent } from "../../workers/current-event.ts";
import { EventDelivery } from "../../workers/event-delivery.ts";
import { Instances } from "../../workers/instances.ts";
import { Retries } from "../../workers/retries.ts";
import { ValuesClient } from "../../workers/values-client.ts";
import { isSettled } from "../settled.ts";

const BOT = { id: 1, username: "a_bot" };
const NOW = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;

type Receive = () => Promise<{ type: string; text: string }>;
/** The code at each event of any chat. */
type Handler = (text: string, values: ValuesClient) => unknown;
type Question = Extract<ToMain, { type: "get" | "set" }>;

/** Long enough for some questions and their answers. */
async function turn(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise(setImmediate);
}

function setUp(t: TestContext, handle: Handler, { age = Number.POSITIVE_INFINITY, isHeld = false } = {}) {
  t.mock.timers.enable({ apis: ["Date", "setInterval", "setTimeout"], now: NOW });
  /** The recorded values, as the main thread has them. */
  const recorded = new Map<string, StoredValue>();
  /** Questions without an answer. */
  const questions: Question[] = [];
  /** Items that left, but for questions. */
  const left: ToMain[] = [];
  const worked: number[] = [];
  const record = ({ key, json, line }: StoredWrite) => {
    if (json === undefined) recorded.delete(key);
    else recorded.set(key, { json, line: recorded.get(key)?.line ?? line, written_at: Date.now() });
  };
  const answer = (question: Question) => {
    if (question.type === "set") record(question.write);
    values.answered(question.id, question.type === "get" ? recorded.get(question.key) : undefined);
  };
  const batch: ToMain[] = [];
  const take = () => {
    for (const item of batch.splice(0)) {
      if (item.type === "settled") item.writes?.forEach(record);
      if (item.type !== "get" && item.type !== "set") left.push(item);
      else if (isHeld) questions.push(item);
      else answer(item);
    }
  };
  const outbound = {
    get last() {
      return batch.at(-1);
    },
    push(item: ToMain) {
      if (batch.push(item) === 1) setImmediate(take);
    },
    flush() {},
  };
  const pulse = { willWorkAt: (seq: number) => void worked.push(seq), count() {} };
  const values = new ValuesClient(outbound, pulse, age);
  provide({
    jobs: undefined as never,
    values,
    currentDelivery: () => currentEvent()?.delivery,
    deliveryOf: () => undefined,
    currentJob: () => undefined,
  });
  const application = async (_scope: unknown, receive: Receive) => {
    for (;;) {
      const { type, text } = await receive();
      if (type === "telegram.disconnect") return;
      await handle(text, values);
    }
  };
  const retries = new Retries(0);
  let last = 0;
  const delivered = (seq: number, payload: TelegramObject, attempt = 1) => {
    const event = { type: "telegram.message", text: `${payload.text}` };
    const route = routeOf("message", payload, BOT, "chat", ["/now"]);
    const item = { seq, attempt, body: JSON.stringify(payload) };
    return { seq, event, route, delivery: new EventDelivery(seq, attempt), item, update: {} };
  };
  const instances = new Instances({
    application: application as never,
    state: {},
    max: Number.POSITIVE_INFINITY,
    idleTimeout: Number.POSITIVE_INFINITY,
    eventTimeout: Number.POSITIVE_INFINITY,
    moveTimeout: Number.POSITIVE_INFINITY,
    reporter: { log() {} },
    outbound,
    calls: { make: async () => ({}) },
    pulse,
    deadLetters: { tell: () => undefined },
    retries,
    again: ({ seq, attempt, body }) => delivered(seq, JSON.parse(body), attempt),
  });
  return {
    values,
    instances,
    recorded,
    questions,
    answer,
    left,
    worked,
    /** Delivers a message. @returns its number */
    deliver(text: string, chat = 5): number {
      instances.deliver(delivered(++last, { chat: { id: chat }, text }));
      return last;
    },
    /** The numbers of each settlement that left. */
    settlements: () => left.filter((item) => item.type === "settled").map(({ seqs }) => seqs),
    /** The writes that left with settlements. */
    written() {
      const writes = left.flatMap((item) => (item.type === "settled" && item.writes) || []);
      return writes.map(({ key, json, seq, line }) => [key, json, seq, line]);
    },
  };
}

describe("in an event", () => {
  test("its code reads what it has written, and the writes go with its settlement", async (t) => {
    const seen: unknown[] = [];
    const { deliver, settlements, written, recorded, left } = setUp(t, async (_, values) => {
      seen.push(await values.get("a", false));
      await values.set("a", "1", false);
      await values.set("b", "2", false);
      await values.set("b", undefined, false);
      seen.push(await values.get("a", false), await values.get("b", false));
      assert.deepEqual([left.length, recorded.has("a")], [0, false], "nothing leaves before the settlement");
      await values.set("a", "3", false);
    });
    recorded.set("c", { json: "9", line: undefined, written_at: NOW });
    deliver("x");
    await turn();
    assert.deepEqual(seen, [undefined, "1", undefined]);
    assert.deepEqual(settlements(), [[1]]);
    assert.deepEqual(written(), [
      ["a", "3", 1, "chat:5"],
      ["b", undefined, 1, "chat:5"],
    ]);
  });

  test("the next event reads what the one before has written", async (t) => {
    const { deliver, recorded } = setUp(t, async (text, values) => {
      await values.set("log", `${(await values.get("log", false)) ?? ""}${text}`, false);
    });
    for (const text of ["a", "b", "c"]) deliver(text);
    await turn();
    assert.equal(recorded.get("log")!.json, "abc");
  });

  test("events without writes settle as they do without stored values", async (t) => {
    const { deliver, left } = setUp(t, async (_, values) => void (await values.get("a", false)));
    deliver("x");
    await turn();
    assert.deepEqual(left, [{ type: "settled", seqs: [1] }]);
  });

  test("settlements of one turn are one item, with the writes of all", async (t) => {
    const { deliver, settlements, written } = setUp(t, async (text, values) => void values.set(text, "1", false));
    for (const [i, text] of ["a", "b", "c"].entries()) deliver(text, i);
    await turn();
    assert.deepEqual(settlements(), [[1, 2, 3]]);
    assert.deepEqual(
      written(),
      ["a", "b", "c"].map((key, i) => [key, "1", i + 1, `chat:${i}`]),
    );
  });

  test("an event that fails, and one that is tried again, has written nothing", async (t) => {
    let attempts = 0;
    const { deliver, written, left } = setUp(t, async (text, values) => {
      assert.equal(await values.get("a", false), undefined);
      await values.set("a", "1", false);
      if (text === "fail") throw new Error("no");
      if (++attempts === 1) throw new RetryLater({ after: 10 });
      await values.set("b", "2", false);
    });
    deliver("fail");
    await turn();
    deliver("later");
    await turn();
    t.mock.timers.tick(10);
    await turn();
    assert.deepEqual(
      left.map(({ type }) => type),
      ["failed", "retry", "settled"],
    );
    assert.deepEqual(written(), [
      ["a", "1", 2, "chat:5"],
      ["b", "2", 2, "chat:5"],
    ]);
  });

  test("an event that is given up when its instance is told to stop has written nothing", async (t) => {
    const { deliver, instances, left } = setUp(t, async (_, values) => {
      await values.set("a", "1", false);
      const { signal } = delivery();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      throw signal.reason;
    });
    deliver("x");
    await turn();
    await instances.drain("reload");
    assert.deepEqual(left, []);
  });

  test("events that overlap read their own writes and what is settled; the last to be settled wins", async (t) => {
    const gate = Promise.withResolvers<void>();
    const seen: unknown[] = [];
    const { deliver, settlements, recorded } = setUp(t, async (text, values) => {
      if (text === "quick") {
        seen.push(await values.get("a", false));
        await values.set("a", "quick", false);
        return;
      }
      const work = async () => {
        await values.set("a", "long", false);
        await gate.promise;
        seen.push(await values.get("a", false), await values.get("b", false));
        await values.set("b", "long", false);
      };
      delivery().waitUntil(work());
    });
    deliver("long");
    deliver("quick");
    await turn();
    assert.deepEqual([seen, recorded.get("a")!.json], [[undefined], "quick"]);
    gate.resolve();
    await turn();
    assert.deepEqual(seen, [undefined, "long", undefined]);
    assert.deepEqual(settlements(), [[2], [1]]);
    assert.deepEqual([recorded.get("a")!.json, recorded.get("b")!.json], ["long", "long"]);
  });

  test("a write that changes nothing is none, unless the value was last written an hour ago", async (t) => {
    const { deliver, recorded, written } = setUp(t, async (_, values) => {
      await values.set("a", await values.get("a", false), false);
    });
    deliver("absent");
    await turn();
    recorded.set("a", { json: "1", line: "chat:5", written_at: NOW - HOUR });
    deliver("fresh");
    await turn();
    t.mock.timers.setTime(NOW + 1);
    deliver("old");
    await turn();
    assert.deepEqual(written(), [["a", "1", 3, "chat:5"]]);
  });

  test("with --session-age half of it is old", async (t) => {
    const keep: Handler = async (_, values) => values.set("a", await values.get("a", false), false);
    const { deliver, recorded, written } = setUp(t, keep, { age: 10_000 });
    recorded.set("a", { json: "1", line: "chat:5", written_at: NOW - 5000 });
    deliver("fresh");
    await turn();
    t.mock.timers.setTime(NOW + 1);
    deliver("old");
    await turn();
    assert.deepEqual(written(), [["a", "1", 2, "chat:5"]]);
  });

  test("answers find their questions in any order, and name the event that works on", async (t) => {
    const seen: string[] = [];
    const ask: Handler = async (text, values) => void seen.push(`${text} ${await values.get(text, false)}`);
    const { deliver, questions, answer, recorded, worked } = setUp(t, ask, { isHeld: true });
    recorded.set("b", { json: "2", line: undefined, written_at: NOW });
    for (const [i, text] of ["a", "b", "c"].entries()) deliver(text, i);
    await turn();
    worked.splice(0);
    const [a, b, c] = questions as [Question, Question, Question];
    for (const question of [b, a]) answer(question);
    await turn();
    deliver("d", 3);
    await turn();
    for (const question of [c, questions[3]!]) answer(question);
    await turn();
    assert.deepEqual(seen, ["b 2", "a undefined", "c undefined", "d undefined"]);
    assert.deepEqual(worked.filter((seq) => seq !== 4).concat(4), [2, 1, 3, 4]);
    // A second answer finds no question.
    answer(a);
  });
});

describe("outside an event", () => {
  test("a write resolves when it is recorded, and a read asks", async (t) => {
    const { values, questions, answer, recorded } = setUp(t, () => {}, { isHeld: true });
    const written = values.set("a", "1", true);
    await turn();
    assert.deepEqual(questions, [
      { type: "set", id: 0, write: { key: "a", json: "1", seq: undefined, line: undefined } },
    ]);
    assert.ok(!(await isSettled(written)));
    answer(questions[0]!);
    await written;
    assert.equal(recorded.get("a")!.json, "1");
    const read = values.get("a", true);
    await turn();
    answer(questions[1]!);
    assert.equal(await read, "1");
  });

  test("code that an event has left behind writes with the event at hand, and at once without one", async (t) => {
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const gate = Promise.withResolvers<void>();
    const { deliver, written, recorded } = setUp(t, async (text, values) => {
      if (text === "next") return gate.promise;
      void first.promise.then(() => values.set("late", "1", false));
      void second.promise.then(() => values.set("later", "2", false));
    });
    deliver("leaves");
    deliver("next");
    await turn();
    first.resolve();
    await turn();
    gate.resolve();
    await turn();
    assert.deepEqual(written(), [["late", "1", 2, "chat:5"]]);
    second.resolve();
    await turn();
    assert.deepEqual(recorded.get("later"), { json: "2", line: undefined, written_at: NOW });
  });
});

describe("a storage that refuses keys of other lines", () => {
  test("an event of another line can neither read nor write the key; the chat's urgent commands can", async (t) => {
    const outcomes: string[] = [];
    const { deliver, recorded } = setUp(t, async (text, values) => {
      const what = text.endsWith("read") ? values.get("a", true) : values.set("a", `"${text}"`, true);
      outcomes.push(
        await what.then(
          () => `${text}: ok`,
          (error) => `${text}: ${error instanceof ForeignKeyError && error.message}`,
        ),
      );
    });
    deliver("first");
    await turn();
    deliver("read");
    deliver("/now read");
    deliver("own");
    await turn();
    deliver("foreign read", 6);
    deliver("foreign", 6);
    await turn();
    const refusal = 'the stored value "a" belongs to chat:5, and an event of chat:6 used it';
    assert.deepEqual(
      outcomes.map((outcome) => outcome.split(": use a key")[0]).toSorted(),
      [
        "/now read: ok",
        "first: ok",
        `foreign read: ${refusal}`,
        `foreign: ${refusal}`,
        "own: ok",
        "read: ok",
      ].toSorted(),
    );
    assert.equal(recorded.get("a")!.json, '"own"');
  });

  test("other storages use the same key: the last write wins", async (t) => {
    const { deliver, recorded } = setUp(t, async (text, values) => {
      await values.get("a", false);
      await values.set("a", text, false);
    });
    deliver("1", 5);
    await turn();
    deliver("2", 6);
    await turn();
    assert.deepEqual(recorded.get("a"), { json: "2", line: "chat:5", written_at: NOW });
  });
});
