import assert from "node:assert/strict";
import { test } from "node:test";
import type { MessageEntity } from "@grammyjs/types";
import fc from "fast-check";
import { type Piece, piecesOf, targetOf } from "../../../simulator/page/entities.ts";

const plain = (pieces: readonly Piece[]): string =>
  pieces.map((piece) => (typeof piece === "string" ? piece : plain(piece.pieces))).join("");

/** The text with the first letters of the entities around each part. */
const marked = (pieces: readonly Piece[]): string =>
  pieces
    .map((piece) => (typeof piece === "string" ? piece : `${piece.entity.type[0]}(${marked(piece.pieces)})`))
    .join("");

test("entities are nested, and those that overlap in part are cut", () => {
  const entities = [
    { type: "italic", offset: 4, length: 6 },
    { type: "bold", offset: 0, length: 7 },
  ] as MessageEntity[];
  assert.equal(marked(piecesOf("0123456789", entities)), "b(0123i(456))i(789)");
});

test("whatever the entities are, each character is shown once and in its place", () => {
  const range = fc.integer({ min: -5, max: 40 });
  const entity = fc.record({ type: fc.constantFrom("bold", "code", "text_link"), offset: range, length: range });
  fc.assert(
    fc.property(fc.string({ maxLength: 30 }), fc.array(entity, { maxLength: 8 }), (text, entities) => {
      assert.equal(plain(piecesOf(text, entities as MessageEntity[])), text);
    }),
  );
});

test("a link leads to an address that can do nothing in the page, or nowhere", () => {
  const target = (url: string) => targetOf({ type: "text_link", offset: 0, length: 1, url }, "x");
  for (const url of ["https://example.com/", "tg://user?id=1", "mailto:a@b.c"]) assert.equal(target(url), url);
  for (const url of [
    "javascript:alert(1)",
    " javascript:alert(1)",
    "data:text/html,x",
    "/simulator/fail",
    "https://",
  ]) {
    assert.equal(target(url), undefined, url);
  }
  const found = (type: string, text: string) => targetOf({ type, offset: 0, length: 1 } as MessageEntity, text);
  assert.equal(found("url", "example.com"), "https://example.com");
  assert.equal(found("url", "javascript:1"), undefined);
  assert.equal(found("mention", "@ann"), "https://t.me/ann");
  assert.equal(found("phone_number", "+1 555-0100"), "tel:+15550100");
  assert.equal(found("bold", "x"), undefined);
});
