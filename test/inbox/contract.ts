/** The promises of every inbox. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, type TestContext, test } from "node:test";
import type { Inbox, ReceivedUpdate } from "../../src/inbox/inbox.ts";
import type { StoredWrite } from "../../src/protocol/stored-value.ts";
import { Entries, turn } from "./entries.ts";
import { received } from "./received.ts";

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const START = Date.UTC(2026, 0, 1);

/** Messages of one chat, with these update ids. */
export function updates(...ids: number[]): ReceivedUpdate[] {
  return ids.map((update_id) => {
    return received({ update_id, message: { chat: { id: 7 }, text: `№ ${update_id}` } } as { update_id: number });
  });
}

const bodyOf = (id: number) => updates(id)[0]!.body;

/** @param create makes an empty inbox that is closed and deleted after the test */
export function keepsTheContract(create: (t: TestContext) => Inbox | Promise<Inbox>): void {
  /** An inbox that has started, and its receiver. */
  async function started(t: TestContext) {
    const [inbox, entries] = [await create(t), new Entries()];
    assert.equal(await inbox.start(entries), 0);
    return { inbox, entries };
  }

  describe("the contract of every inbox", () => {
    test("append() gives each update a number of its own, and entries arrive in the order of their numbers", async (t) => {
      const { inbox, entries } = await started(t);
      assert.equal(await inbox.append(updates(1, 2, 3)), 3);
      assert.equal(await inbox.append(updates(4)), 1);
      assert.equal(await inbox.append(updates(5, 6)), 2);
      await entries.until(6);
      assert.deepEqual(entries.ids, [1, 2, 3, 4, 5, 6]);
      const { seqs } = entries;
      assert.ok(
        seqs.every((seq, i) => i === 0 || seq > seqs[i - 1]!),
        `${seqs}`,
      );
    });

    test("appends at the same time are stored in the order of the calls", async (t) => {
      const { inbox, entries } = await started(t);
      assert.deepEqual(
        await Promise.all([updates(3, 1), updates(2), [], updates(1, 4)].map((batch) => inbox.append(batch))),
        [2, 1, 0, 1],
      );
      await entries.until(4);
      assert.deepEqual(entries.ids, [3, 1, 2, 4]);
      assert.deepEqual(
        entries.seqs,
        entries.seqs.toSorted((one, other) => one - other),
      );
    });

    test("append() of nothing stores nothing", async (t) => {
      const { inbox, entries } = await started(t);
      assert.equal(await inbox.append([]), 0);
      await inbox.append(updates(1));
      await entries.until(1);
      assert.deepEqual(entries.ids, [1]);
    });

    test("an entry is the update as it was appended, with nothing counted yet", async (t) => {
      t.mock.timers.enable({ apis: ["Date"], now: START });
      const { inbox, entries } = await started(t);
      const [update] = updates(8) as [ReceivedUpdate];
      await inbox.append([update]);
      const [{ seq, ...entry }] = (await entries.until(1)) as [Entries["all"][number]];
      assert.ok(Number.isSafeInteger(seq) && seq > 0, `${seq}`);
      const counts = { attempts: 0, deaths: 0, orphaned: 0 };
      const size = Buffer.byteLength(update.body);
      const body = entry.body ?? (await inbox.read([seq])).get(seq);
      assert.deepEqual({ ...entry, body }, { ...update, size, origin: "received", ...counts, received_at: START });
    });

    test("an entry arrives once, in whichever way time goes by", async (t) => {
      t.mock.timers.enable({ apis: ["setInterval"] });
      const { inbox, entries } = await started(t);
      await inbox.append(updates(1, 2));
      await entries.until(2);
      t.mock.timers.tick(10_000);
      await inbox.append(updates(3));
      await entries.until(3);
      t.mock.timers.tick(10_000);
      assert.deepEqual(entries.ids, [1, 2, 3]);
      assert.deepEqual(entries.errors, []);
    });

    test("start() hands over what was appended before it, in order, and each new update from then on", async (t) => {
      const [inbox, entries] = [await create(t), new Entries()];
      await inbox.append(updates(5, 3));
      await inbox.append(updates(4));
      assert.equal(await inbox.start(entries), 3);
      await entries.until(3);
      assert.equal(await inbox.append(updates(4, 6)), 1);
      await entries.until(4);
      assert.deepEqual(entries.ids, [5, 3, 4, 6]);
      assert.deepEqual(
        entries.seqs,
        entries.seqs.toSorted((one, other) => one - other),
      );
      assert.equal(new Set(entries.seqs).size, 4);
    });

    test("an id that was appended once is refused: in the same batch, in a later one, and when it is settled or dead", async (t) => {
      const { inbox, entries } = await started(t);
      assert.equal(await inbox.append(updates(1, 2, 1)), 2);
      const [one, two] = await entries.until(2);
      const { seq } = two!;
      await inbox.record(turn({ begun: [{ seq: one!.seq, alone: false }], settled: [one!.seq] }));
      await inbox.record(turn({ deadLettered: [{ seq, reason: "it threw", log: "" }] }));
      assert.equal(await inbox.append(updates(1, 2, 3)), 1);
      await entries.until(3);
      assert.deepEqual(entries.ids, [1, 2, 3]);
      assert.ok(entries.seqs[2]! > seq);
    });

    test("ids need not rise, nor be consecutive", async (t) => {
      const { inbox, entries } = await started(t);
      const ids = [900, 7, 8, 901, 3, 1_000_000_000_000];
      for (const id of ids) assert.equal(await inbox.append(updates(id)), 1, `${id}`);
      for (const id of ids) assert.equal(await inbox.append(updates(id)), 0, `${id}`);
      const others = [899, 902, 6, 9, 2, 4];
      for (const id of others) assert.equal(await inbox.append(updates(id)), 1, `${id}`);
      await entries.until(12);
      assert.deepEqual(entries.ids, [...ids, ...others]);
    });

    test("an id is refused for two days, and new again after a quiet week", async (t) => {
      t.mock.timers.enable({ apis: ["Date"], now: START });
      const { inbox } = await started(t);
      await inbox.append(updates(1, 2, 3));
      t.mock.timers.setTime(START + 2 * DAY);
      assert.equal(await inbox.append(updates(3)), 0);
      t.mock.timers.setTime(START + 9 * DAY);
      assert.equal(await inbox.append(updates(3, 2, 1)), 3);
    });

    test("read() gives the bodies of unsettled entries by their numbers, in whichever order they are asked for", async (t) => {
      const { inbox, entries } = await started(t);
      await inbox.append(updates(1, 2, 3));
      await entries.until(3);
      const [one, two, three] = entries.seqs as [number, number, number];
      assert.deepEqual(await inbox.read([]), new Map());
      assert.deepEqual(
        await inbox.read([three, one, 999]),
        new Map([
          [three, bodyOf(3)],
          [one, bodyOf(1)],
        ]),
      );
      assert.deepEqual([...(await inbox.read([one, two, three])).keys()].toSorted(), [one, two, three]);
    });

    test("record() of each kind of fact: only settled events and dead letters are gone", async (t) => {
      const { inbox, entries } = await started(t);
      await inbox.append(updates(1, 2, 3, 4, 5));
      await entries.until(5);
      const { seqs } = entries;
      const [begun, settled, died, withdrawn, dead] = seqs as [number, number, number, number, number];
      const beginnings = seqs.map((seq) => ({ seq, alone: seq === died }));
      const left = async () => [...(await inbox.read(seqs)).keys()].toSorted((one, other) => one - other);

      assert.deepEqual(await inbox.record(turn({ begun: beginnings })), [], "no beginning is refused");
      assert.deepEqual(await left(), seqs);
      assert.deepEqual(await inbox.record(turn({ settled: [settled] })), []);
      assert.deepEqual(await left(), [begun, died, withdrawn, dead]);
      assert.deepEqual(await inbox.record(turn({ died: [died] })), []);
      assert.deepEqual(await inbox.record(turn({ withdrawn: [withdrawn] })), []);
      assert.deepEqual(await left(), [begun, died, withdrawn, dead]);
      assert.deepEqual(await inbox.record(turn({ deadLettered: [{ seq: dead, reason: "?", log: "" }] })), []);
      assert.deepEqual(await left(), [begun, died, withdrawn]);
    });

    test("record() of all kinds of facts in one turn", async (t) => {
      const { inbox, entries } = await started(t);
      await inbox.append(updates(1, 2, 3, 4, 5));
      await entries.until(5);
      const { seqs } = entries;
      const [begun, settled, died, withdrawn, dead] = seqs as [number, number, number, number, number];
      const facts = {
        begun: seqs.map((seq) => ({ seq, alone: false })),
        settled: [settled],
        died: [died, dead],
        withdrawn: [withdrawn],
        deadLettered: [{ seq: dead, reason: "?", log: "" }],
      };
      assert.deepEqual(await inbox.record(turn(facts)), []);
      assert.deepEqual(
        await inbox.read(seqs),
        new Map([
          [begun, bodyOf(1)],
          [died, bodyOf(3)],
          [withdrawn, bodyOf(4)],
        ]),
      );
    });

    test("record() of nothing has no effect", async (t) => {
      const { inbox, entries } = await started(t);
      await inbox.append(updates(1));
      await entries.until(1);
      assert.deepEqual(await inbox.record(turn({})), []);
      assert.deepEqual(await inbox.read(entries.seqs), new Map([[entries.seqs[0]!, bodyOf(1)]]));
    });

    test("numbers that the inbox does not hold have no effect", async (t) => {
      const { inbox, entries } = await started(t);
      await inbox.append(updates(1));
      const [{ seq }] = (await entries.until(1)) as [Entries["all"][number]];
      const unknown: Parameters<typeof turn>[0][] = [
        { begun: [{ seq: 999, alone: true }], settled: [999, -1] },
        { died: [999] },
        { withdrawn: [999] },
        { deadLettered: [{ seq: 999, reason: "?", log: "" }] },
      ];
      for (const facts of unknown) assert.deepEqual(await inbox.record(turn(facts)), []);
      assert.deepEqual(await inbox.read([seq, 999]), new Map([[seq, bodyOf(1)]]));
      await inbox.append(updates(2));
      await entries.until(2);
      assert.ok(entries.seqs[1]! > seq);
    });

    describe("stored values", () => {
      const write = (seq: number | undefined, key: string, value: unknown): StoredWrite => {
        const json = value === undefined ? undefined : JSON.stringify(value);
        return { key, json, seq, line: seq === undefined ? undefined : "chat:7" };
      };
      const settling = (...writes: StoredWrite[]) => {
        const settled = new Set(writes.map(({ seq }) => seq).filter((seq) => seq !== undefined));
        return turn({ settled: [...settled], writes });
      };
      const valuesOf = async (inbox: Inbox, ...keys: string[]) => {
        const found = await inbox.values(keys);
        return Object.fromEntries(Array.from(found, ([key, { json }]) => [key, JSON.parse(json)]));
      };

      test("a value is there with the settlement of its event, with its line and its time", async (t) => {
        t.mock.timers.enable({ apis: ["Date"], now: START });
        const { inbox, entries } = await started(t);
        await inbox.append(updates(1, 2));
        const [one, two] = await entries.until(2);
        assert.deepEqual(await inbox.values([]), new Map());
        assert.deepEqual(await inbox.values(["a", "b"]), new Map());
        assert.deepEqual(await inbox.record(settling(write(one!.seq, "a", { n: 1 }))), []);
        assert.deepEqual(
          await inbox.values(["b", "a"]),
          new Map([["a", { json: '{"n":1}', line: "chat:7", written_at: START }]]),
        );
        assert.deepEqual([...(await inbox.read([one!.seq, two!.seq])).keys()], [two!.seq]);
        await inbox.check();
        assert.deepEqual(await valuesOf(inbox, "a"), { a: { n: 1 } });
      });

      test("the last write wins, in one turn and over several, and a removed value is absent", async (t) => {
        const { inbox, entries } = await started(t);
        await inbox.append(updates(1, 2, 3, 4));
        await entries.until(4);
        const [one, two, three, four] = entries.seqs as [number, number, number, number];
        const writes = [write(two, "a", 2), write(one, "a", 1), write(one, "b", "é\n"), write(two, "c", null)];
        await inbox.record(settling(...writes));
        assert.deepEqual(await valuesOf(inbox, "a", "b", "c"), { a: 1, b: "é\n", c: null });
        await inbox.check();
        await inbox.record(settling(write(three, "a", [3]), write(three, "b", undefined)));
        assert.deepEqual(await valuesOf(inbox, "a", "b", "c"), { a: [3], c: null });
        await inbox.check();
        assert.deepEqual(await valuesOf(inbox, "a", "b", "c"), { a: [3], c: null });
        await inbox.record(settling(write(four, "b", 4), write(four, "b", undefined), write(four, "c", undefined)));
        assert.deepEqual(await valuesOf(inbox, "a", "b", "c"), { a: [3] });
      });

      test("a value is found by its key, whichever characters that has, up to 2,500 bytes", async (t) => {
        const { inbox, entries } = await started(t);
        await inbox.append(updates(1));
        const [one] = await entries.until(1);
        // Nothing makes it shorter: an index compresses what repeats.
        const longest = randomBytes(1250).toString("hex");
        const keys = ["x\0y", `x'"\\y`, "{x,y}", "é会🙂", longest];
        assert.deepEqual(await valuesOf(inbox, ...keys), {});
        await inbox.record(settling(...keys.map((key) => write(one!.seq, key, key))));
        await inbox.check();
        assert.deepEqual(await valuesOf(inbox, ...keys), Object.fromEntries(keys.map((key) => [key, key])));
      });

      test("a value that is written outside an event has no line until an event writes it; then it keeps that", async (t) => {
        const { inbox, entries } = await started(t);
        await inbox.append(updates(1, 2));
        await entries.until(2);
        const lineOf = async () => (await inbox.values(["a"])).get("a")?.line;
        const step = async (line: string | undefined, seq?: number) => {
          await inbox.record(settling({ key: "a", json: "1", seq, line }));
          await inbox.check();
        };
        await step(undefined);
        assert.deepEqual([await valuesOf(inbox, "a"), await lineOf()], [{ a: 1 }, undefined]);
        await step("chat:7", entries.seqs[0]);
        assert.equal(await lineOf(), "chat:7");
        await step(undefined);
        assert.equal(await lineOf(), "chat:7");
      });

      test("a write of an event that the inbox does not hold is not kept", async (t) => {
        const { inbox } = await started(t);
        await inbox.record(settling(write(999, "a", 1)));
        await inbox.check();
        assert.deepEqual(await valuesOf(inbox, "a"), {});
      });

      test("a settlement, a dead letter and clear() leave what is stored", async (t) => {
        const { inbox, entries } = await started(t);
        await inbox.append(updates(1, 2, 3, 4));
        await entries.until(4);
        const [one, two, three] = entries.seqs as [number, number, number];
        await inbox.record(settling(write(one, "a", 1)));
        await inbox.record(turn({ settled: [two], deadLettered: [{ seq: three, reason: "?", log: "" }] }));
        await inbox.clear();
        assert.deepEqual(await valuesOf(inbox, "a"), { a: 1 });
      });
    });

    test("a dead letter of input that is no update is no entry", async (t) => {
      const { inbox, entries } = await started(t);
      await inbox.deadLetterUnreadable("[1]", "it has no update_id");
      await inbox.append(updates(1));
      await entries.until(1);
      assert.deepEqual(entries.ids, [1]);
    });

    test("input that is no update is a dead letter once, however often it comes", async (t) => {
      const { inbox } = await started(t);
      const outcomes: boolean[] = [];
      for (const body of ["[1]", "[2]", "[1]", "[2]"]) outcomes.push(await inbox.deadLetterUnreadable(body, "no id"));
      assert.deepEqual(outcomes, [true, true, false, false]);
    });

    test("clear() drops what was received before a time, all without, and their ids stay refused", async (t) => {
      t.mock.timers.enable({ apis: ["Date"], now: START });
      const [inbox, entries] = [await create(t), new Entries()];
      await inbox.append(updates(1, 2));
      t.mock.timers.setTime(START + 1000);
      await inbox.append(updates(3));
      assert.deepEqual([await inbox.clear(START + 500), await inbox.clear(START + 500)], [2, 0]);
      assert.equal(await inbox.start(entries), 1);
      assert.equal(await inbox.append(updates(1, 2, 3, 4)), 1);
      await entries.until(2);
      assert.deepEqual(entries.ids, [3, 4]);
    });

    test("clear() without a time leaves nothing to hand over", async (t) => {
      const [inbox, entries] = [await create(t), new Entries()];
      await inbox.append(updates(1, 2));
      assert.deepEqual([await inbox.clear(), await inbox.clear()], [2, 0]);
      assert.equal(await inbox.start(entries), 0);
      await inbox.append(updates(3));
      await entries.until(1);
      assert.deepEqual(entries.ids, [3]);
    });

    test("check() changes nothing", async (t) => {
      const { inbox, entries } = await started(t);
      await inbox.append(updates(1));
      await entries.until(1);
      await inbox.check();
      assert.deepEqual(await inbox.read(entries.seqs), new Map([[entries.seqs[0]!, bodyOf(1)]]));
      assert.deepEqual(entries.ids, [1]);
    });
  });
}
