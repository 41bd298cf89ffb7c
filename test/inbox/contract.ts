/** What every inbox promises, whatever it is made of. */

import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import type { Inbox } from "../../src/inbox/inbox.ts";

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const START = Date.UTC(2026, 0, 1);

/** Updates with these ids. */
export function updates(...ids: number[]): { update_id: number; body: string }[] {
  return ids.map((update_id) => ({
    update_id,
    body: JSON.stringify({ update_id, message: { text: `№ ${update_id}` } }),
  }));
}

/** @param create makes an empty inbox that is gone after the test */
export function keepsTheContract(create: (t: TestContext) => Inbox): void {
  describe("what every inbox promises", () => {
    test("append() gives each update a number of its own, in order", (t) => {
      const inbox = create(t);
      const seqs = [...inbox.append(updates(1, 2, 3)), ...inbox.append(updates(4)), ...inbox.append(updates(5, 6))];
      assert.equal(seqs.length, 6);
      for (const [i, seq] of seqs.entries()) assert.ok(i === 0 || seq! > seqs[i - 1]!, `${seqs}`);
    });

    test("sync() resolves, whether there is anything to flush or not", async (t) => {
      const inbox = create(t);
      await inbox.sync();
      inbox.append(updates(1));
      await Promise.all([inbox.sync(), inbox.sync()]);
    });

    test("append() of nothing is nothing", (t) => {
      assert.deepEqual(create(t).append([]), []);
    });

    test("an id that was appended once is refused, in the same batch, in a later one, and when it is settled", (t) => {
      const inbox = create(t);
      const [one, two, again] = inbox.append(updates(1, 2, 1));
      assert.ok(one! < two!);
      assert.equal(again, undefined);
      inbox.record([{ seq: one!, alone: false }], [one!]);
      inbox.bury(two!, "it threw");
      const [first, second, third] = inbox.append(updates(1, 2, 3));
      assert.deepEqual([first, second], [undefined, undefined]);
      assert.ok(third! > two!);
    });

    test("ids need not rise, nor be consecutive", (t) => {
      const inbox = create(t);
      const ids = [900, 7, 8, 901, 3, 1_000_000_000_000];
      for (const id of ids) assert.notEqual(inbox.append(updates(id))[0], undefined);
      for (const id of ids) assert.equal(inbox.append(updates(id))[0], undefined, `${id}`);
      for (const id of [899, 902, 6, 9, 2, 4]) assert.notEqual(inbox.append(updates(id))[0], undefined, `${id}`);
    });

    test("an id is refused for two days, and welcome again after a quiet week", (t) => {
      t.mock.timers.enable({ apis: ["Date"], now: START });
      const inbox = create(t);
      inbox.append(updates(1, 2, 3));
      t.mock.timers.setTime(START + 2 * DAY);
      assert.deepEqual(inbox.append(updates(3)), [undefined]);
      t.mock.timers.setTime(START + 9 * DAY);
      const seqs = inbox.append(updates(3, 2, 1));
      assert.ok(
        seqs.every((seq) => seq !== undefined),
        `${seqs}`,
      );
    });

    test("numbers that it does not know are of no consequence", (t) => {
      const inbox = create(t);
      const [seq] = inbox.append(updates(1));
      inbox.record([{ seq: 999, alone: true }], [999, -1]);
      inbox.mourn([999]);
      inbox.withdraw([999]);
      inbox.bury(999, "?");
      assert.ok(inbox.append(updates(2))[0]! > seq!);
    });

    test("there is no news where nobody else writes", (t) => {
      const inbox = create(t);
      inbox.append(updates(1, 2));
      assert.deepEqual(inbox.news(), []);
    });
  });
}
