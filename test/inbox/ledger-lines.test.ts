import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { BYTES_PER_LINE, FACTS, LedgerLines } from "../../src/inbox/ledger-lines.ts";

/** The lines as numbers, and a text as it was added. */
type Item = [epoch: number, value: number] | string;

function bytesOf(items: readonly Item[], epoch: number): Buffer {
  const parts = items.map((item) => {
    if (typeof item !== "string") return Buffer.from(new Float64Array(item).buffer);
    const text = Buffer.from(item);
    const head = Buffer.from(new Float64Array([epoch, FACTS, text.length, crc32(text)]).buffer);
    const rest = Buffer.alloc(Math.ceil(text.length / BYTES_PER_LINE) * BYTES_PER_LINE - text.length);
    return Buffer.concat([head, text, rest]);
  });
  return Buffer.concat(parts);
}

test("any lines and texts, also those of writes before, leave the bytes of the last write", () => {
  const number = fc.double({ noNaN: true });
  const item = fc.oneof(
    fc.tuple(number, number),
    fc.string({ unit: "grapheme" }),
    fc.nat(60_000).map((length) => "щ".repeat(length)),
  );
  fc.assert(
    fc.property(fc.array(fc.array(item, { maxLength: 8 }), { maxLength: 5 }), (writes) => {
      const lines = new LedgerLines();
      for (const items of writes) {
        lines.clear();
        for (const item of items) {
          if (typeof item === "string") lines.addText(3, item);
          else lines.add(...item);
        }
        const expected = bytesOf(items, 3);
        assert.deepEqual(Buffer.from(lines.bytes), expected);
        assert.equal(lines.count * BYTES_PER_LINE, expected.length);
      }
    }),
  );
});

test("more lines than there is memory for at first, and the memory of a long text is given back", () => {
  const lines = new LedgerLines();
  for (let value = 0; value < 40_000; value++) lines.add(1, value);
  assert.deepEqual(new Float64Array(lines.bytes.buffer, 0, 80_000).at(-1), 39_999);
  lines.addText(1, "x".repeat(1_000_000));
  const { byteLength } = lines.bytes.buffer;
  lines.clear();
  assert.ok(lines.bytes.buffer.byteLength < byteLength / 10);
  assert.equal(lines.count, 0);
});
