import assert from "node:assert/strict";
import { test } from "node:test";
import { format, isLonger } from "../../../simulator/text/format.ts";
import { marked, refusalOf } from "./shown.ts";

test("an unknown parse mode is refused, whatever its name; an empty text has no markup", () => {
  assert.equal(
    refusalOf(() => format("x", "BBCode")),
    "unsupported parse_mode",
  );
  assert.equal(
    refusalOf(() => format("x", "constructor")),
    "unsupported parse_mode",
  );
  assert.deepEqual(format("", "BBCode"), { text: "", entities: [] });
});

test("parse modes are found in any case; None is none", () => {
  assert.deepEqual(marked("<b>x</b>", "hTmL"), ['bold "x"']);
  assert.deepEqual(marked("*x*", "MARKDOWNV2"), ['bold "x"']);
  assert.equal(format("*x*", "None").text, "*x*");
});

test("a parse mode takes the place of given entities", () => {
  assert.deepEqual(marked("<i>x</i>", "HTML", [{ type: "bold", offset: 0, length: 1 }]), ['italic "x"']);
});

test("spaces and line breaks around a text go, other spaces stay, given entities shift", () => {
  assert.deepEqual(format(" \n bold \n", undefined, [{ type: "bold", offset: 3, length: 5 }]), {
    text: "bold",
    entities: [{ type: "bold", offset: 0, length: 4 }],
  });
  assert.equal(format("\u00a0x\u00a0").text, "\u00a0x\u00a0");
});

test("spaces at the beginning stay from the first entity on", () => {
  assert.deepEqual(format("\n  <code>  x  </code>  ", "HTML"), {
    text: "  x",
    entities: [{ type: "code", offset: 0, length: 3 }],
  });
});

test("a text that shows nothing is empty", () => {
  for (const blank of [" \n", "\u200b", "\u200f \u200e", "\u2800\u3000\n", "\ufeff", "<b> </b>"]) {
    assert.deepEqual(format(blank, "HTML"), { text: "", entities: [] }, JSON.stringify(blank));
  }
  assert.equal(format("\u00ad").text, "\u00ad");
});

test("control characters become spaces; carriage returns, overrides and lines through the text go", () => {
  assert.equal(format("a\tb\x00c\vd").text, "a b c d");
  assert.equal(format("a\r\nb\u202ec\u0333d").text, "a\nbcd");
  assert.deepEqual(marked("x\r\n<b>\rbold\r</b>\r!", "HTML"), ['bold "bold"']);
});

test("of several marks of direction the last one counts", () => {
  assert.equal(format("a\u200f\u200e\u200fb\u200ec").text, "a\u200c\u200c\u200fb\u200ec");
});

test("length is counted in characters", () => {
  assert.equal(isLonger("😀".repeat(10), 10), false);
  assert.equal(isLonger("😀".repeat(11), 10), true);
});
