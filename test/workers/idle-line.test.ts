import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { IdleLine, type Member } from "../../workers/idle-line.ts";

class Named implements Member {
  before: Named | undefined;
  after: Named | undefined;
}

/** From the first to the last, and back. */
function membersOf(line: IdleLine<Named>): Named[] {
  const members: Named[] = [];
  for (let member = line.first; member !== undefined; member = member.after) {
    assert.equal(member.before, members.at(-1));
    members.push(member);
  }
  return members;
}

test("any sequence of add() and delete() leaves the members that a Set would hold, in its order", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(7), { maxLength: 60, size: "max" }), (steps) => {
      const all = Array.from({ length: 8 }, () => new Named());
      const line = new IdleLine<Named>();
      const set = new Set<Named>();
      for (const step of steps) {
        const member = all[step]!;
        // Deletes the member if it is there, and adds it if not. A second delete() does nothing.
        const wasThere = set.delete(member);
        assert.equal(line.delete(member), wasThere);
        assert.equal(line.delete(member), false);
        if (!wasThere) {
          line.add(member);
          set.add(member);
        }
        assert.deepEqual(membersOf(line), [...set]);
        assert.equal(line.first, [...set][0]);
      }
    }),
  );
});
