/** Anything that a bot can say is shown by a terminal, and does nothing in it. The terminal is xterm.js without a screen. */

import assert from "node:assert/strict";
import { test } from "node:test";
import xterm from "@xterm/headless";
import fc from "fast-check";
import type { ChatEvent } from "../../../simulator/index.ts";
import { render } from "../../../simulator/terminal/render.ts";
import { oneLine, visible } from "../../../simulator/terminal/visible.ts";

/** The beginnings and the ends of what terminals obey: CSI, OSC, DCS, modes, colours, questions, single characters. */
const ORDERS = [
  ..."\u0000\u0005\u0007\b\u000b\f\r\u000e\u000f\u0018\u001a\u001b\u007f\u0084\u0085\u008d\u0090\u009b\u009c\u009d\u2028\u2029\u202a\u202e\u2066\u2069",
  ..."\n\t[]()?;:=>0123456789hlmHJKnqcABCDPX\\",
  "\u001b[2J",
  "\u001b[H",
  "\u001b[6n",
  "\u001b[c",
  "\u001b[41;5m",
  "\u001b[?1049h",
  "\u001b[?25l",
  "\u001b[10A",
  "\u001b]0;title\u0007",
  "\u001b]8;;http://evil.example\u001b\\",
  "\u001b]52;c;ZXZpbA==\u0007",
  '\u001bP$q"p\u001b\\',
  "\u001bc",
  "\u001b#8",
  "\u009b2J",
  "\u009d0;title\u009c",
];

const hostile = fc.string({
  unit: fc.oneof(fc.constantFrom(...ORDERS), fc.string({ unit: "binary", minLength: 1, maxLength: 3 })),
  maxLength: 40,
});

const message = (content: fc.Arbitrary<object>) =>
  content.map((fields) => ({ type: "message", message: { message_id: 1, ...fields } }));

const buttons = fc.array(fc.array(fc.record({ text: hostile }), { maxLength: 3 }), { maxLength: 3 });

const EVENTS = fc.oneof(
  message(fc.record({ text: hostile, reply_markup: fc.record({ inline_keyboard: buttons }) })),
  message(fc.record({ caption: hostile, document: fc.record({ file_name: hostile }) })),
  message(
    fc.record({
      poll: fc.record({ question: hostile, options: fc.array(fc.record({ text: hostile }), { maxLength: 3 }) }),
    }),
  ),
  message(fc.record({ contact: fc.record({ first_name: hostile, phone_number: hostile }) })),
  message(fc.record({ venue: fc.record({ title: hostile, address: hostile }) })),
  message(fc.record({ invoice: fc.record({ title: hostile, currency: hostile, total_amount: fc.integer() }) })),
  message(fc.record({ dice: fc.record({ emoji: hostile, value: fc.integer() }) })),
  message(fc.record({ new_chat_title: hostile })),
  message(hostile.map((kind) => ({ [kind]: {} }))),
  message(fc.record({ text: hostile })).map((event) => ({ ...event, keyboard: { keyboard: [["\u001b[2J\n"]] } })),
  fc.record({ type: fc.constant("edited"), message: fc.record({ text: hostile }) }),
  fc.record({ type: fc.constant("action"), action: hostile }),
  fc.record({
    type: fc.constant("reaction"),
    reaction: fc.array(fc.record({ type: fc.constant("emoji"), emoji: hostile })),
  }),
  fc.record({ type: fc.constant("reaction"), reaction: fc.array(fc.record({ type: hostile })) }),
  fc.record({ type: fc.constant("callback-answer"), text: hostile }),
  fc.record({ type: fc.constant("callback-answer"), url: hostile }),
);

const SIZE = { cols: 80, rows: 24, scrollback: 10_000 };

/** What a terminal has done after it was given some lines. */
async function obey(printed: string) {
  const terminal = new xterm.Terminal({ ...SIZE, allowProposedApi: true, convertEol: true });
  const done: string[] = [];
  terminal.onData((answer) => done.push(`answers ${JSON.stringify(answer)}`));
  terminal.onTitleChange((title) => done.push(`has the title ${title}`));
  terminal.onBell(() => done.push("rings"));
  await new Promise<void>((resolve) => terminal.write(printed, resolve));
  const { active } = terminal.buffer;
  const lines = Array.from({ length: active.length }, (_, i) => active.getLine(i)!);
  for (const line of lines) {
    for (let x = 0; x < line.length; x++) {
      const cell = line.getCell(x)!;
      if (!cell.isAttributeDefault()) done.push("has colours");
    }
  }
  const { modes } = terminal;
  const position = [active.type, active.cursorX, active.baseY + active.cursorY];
  const texts = lines.flatMap((line) => (line.isWrapped ? [] : line.translateToString(true)));
  terminal.dispose();
  return { done, modes, position, texts };
}

const shown = (event: object, name: string) => render({ seq: 1, chat_id: 1, by: "bot", ...event } as ChatEvent, name);

test("a terminal that is shown any event prints its lines, and does nothing else", async () => {
  const { modes } = await obey("");
  await fc.assert(
    fc.asyncProperty(EVENTS, hostile, async (event, name) => {
      const text = shown(event, name) ?? "";
      const { done, ...after } = await obey(`before\n${text}\nafter`);
      assert.deepEqual(done, []);
      assert.deepEqual(after.modes, modes);
      const [type, column] = after.position;
      assert.deepEqual([type, column], ["normal", "after".length]);
      const last = after.texts.findLastIndex((line) => line !== "");
      assert.deepEqual([after.texts[0], after.texts[last]], ["before", "after"]);
      assert.equal(last, text.split("\n").length + 1);
    }),
    { numRuns: 400, seed: 1 },
  );
});

test("characters that terminals obey are shown as escapes; line feeds and tabs are kept", () => {
  assert.equal(visible("a\u001b[2Jb\u009b\u202ec\r\nd\te\rf"), "a\\u001b[2Jb\\u009b\\u202ec\nd\te\\u000df");
  assert.equal(oneLine("a\nb\tc\u0007"), "a\\nb c\\u0007");
  assert.equal(visible("שלום\u200f 👩‍👩‍👧 ok"), "שלום\u200f 👩‍👩‍👧 ok");
});
