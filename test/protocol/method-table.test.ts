import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { ApiMethods } from "@grammyjs/types";
import type { MethodName } from "../../src/protocol/events.ts";
import { BOT_API_VERSION, METHODS, type MethodFacts } from "../../src/protocol/method-table.ts";
import type { Equal, Is } from "../types/expect.ts";

// The table is made from @gramio/types, and the types of events from @grammyjs/types. These two descriptions of the Bot API
// must agree in everything that `send` relies on. `tsc` compares them here.
type Table = typeof METHODS;
true satisfies Is<Equal<keyof Table, MethodName>>;

type ParametersOf<M extends MethodName> =
  Parameters<ApiMethods<never>[M]> extends [infer P] | [(infer P)?] ? NonNullable<P> : object;
type KeysOf<P> = P extends unknown ? keyof P : never;
type RequiredOf<P> = P extends unknown
  ? { [Key in keyof P]-?: object extends Pick<P, Key> ? never : Key }[keyof P]
  : never;

/** The methods for which the two descriptions differ. */
type Differing<Facts extends { [M in MethodName]: [unknown, unknown] }> = {
  [M in MethodName]: Equal<Facts[M][0], Facts[M][1]> extends true ? never : M;
}[MethodName];

type Required = { [M in MethodName]: [RequiredOf<ParametersOf<M>>, Table[M]["required"][number]] };
// @grammyjs/types says that transferGift requires star_count; the Bot API does not.
true satisfies Is<Equal<Differing<Required>, "transferGift">>;

type FilledIn = MethodFacts["takes"][number];
type Takes = { [M in MethodName]: [Extract<KeysOf<ParametersOf<M>>, FilledIn>, Table[M]["takes"][number]] };
true satisfies Is<Equal<Differing<Takes>, never>>;

const rows: [string, MethodFacts][] = Object.entries(METHODS);
const taking = (key: MethodFacts["takes"][number]) => rows.filter(([, { takes }]) => takes.includes(key));
const needing = (key: string) => rows.filter(([, { required }]) => required.includes(key));
const names = (found: [string, MethodFacts][]) => found.map(([name]) => name).toSorted();

suite(`the table has the figures of Bot API ${BOT_API_VERSION}`, () => {
  test("there are 185 methods", () => assert.equal(rows.length, 185));
  test("101 methods take chat_id, and 90 require it", () => {
    assert.equal(taking("chat_id").length, 101);
    assert.equal(needing("chat_id").length, 90);
  });
  test("51 methods take business_connection_id, and 21 require it", () => {
    assert.equal(taking("business_connection_id").length, 51);
    assert.equal(needing("business_connection_id").length, 21);
  });
});

test("eight methods take inline_message_id in place of chat_id", () => {
  assert.deepEqual(names(taking("inline_message_id")), [
    "editMessageCaption",
    "editMessageLiveLocation",
    "editMessageMedia",
    "editMessageReplyMarkup",
    "editMessageText",
    "getGameHighScores",
    "setGameScore",
    "stopMessageLiveLocation",
  ]);
});

test("in other methods chat_id is optional only if its absence has a meaning", () => {
  const optional = taking("chat_id").filter(([, { required }]) => !required.includes("chat_id"));
  const inline = names(taking("inline_message_id"));
  const rest = names(optional).filter((name) => !inline.includes(name));
  assert.deepEqual(rest, ["getChatMenuButton", "sendGift", "setChatMenuButton"]);
});

test("a method takes every key that it requires and send() fills in", () => {
  for (const key of ["chat_id", "business_connection_id", "inline_message_id", "reply_parameters"] as const) {
    const taken = names(taking(key));
    for (const name of names(needing(key))) assert.ok(taken.includes(name), `${name}: ${key}`);
  }
});

test("required keys are in snake case and listed once", () => {
  for (const [name, { required }] of rows) {
    for (const key of required) assert.match(key, /^[a-z]+(_[a-z0-9]+)*$/, name);
    assert.equal(new Set(required).size, required.length, name);
  }
});

test("no method requires a parameter that an event cannot have", () => {
  assert.deepEqual(needing("type"), []);
});
