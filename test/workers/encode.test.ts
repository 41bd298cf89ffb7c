import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { InvalidEventError } from "../../src/protocol/errors.ts";
import { methodOf, typeOf } from "../../src/protocol/method-names.ts";
import { METHODS, type MethodFacts } from "../../src/protocol/method-table.ts";
import { type Defaults, encode as encodeFor, hintFor } from "../../workers/encode.ts";
import { Streams } from "../../workers/streams.ts";

const CHAT: Defaults = { chat_id: 42, business_connection_id: undefined };
const BUSINESS: Defaults = { chat_id: 42, business_connection_id: "conn1" };
const TOPIC: Defaults = { ...CHAT, message_thread_id: 7 };
const USER: Defaults = { chat_id: undefined, business_connection_id: undefined };

/** Encodes an event for a new instance. */
const encode = (event: unknown, defaults: Defaults) => encodeFor(event, defaults, { streams: new Streams() });

const methods = Object.entries(METHODS) as [string, MethodFacts][];

function bodyOf(event: object, defaults = CHAT): Record<string, unknown> {
  return JSON.parse(encode(event, defaults).body);
}

function refusal(event: unknown, defaults = CHAT): InvalidEventError {
  try {
    encode(event, defaults);
  } catch (error) {
    assert.ok(error instanceof InvalidEventError, String(error));
    return error;
  }
  return assert.fail("no error was thrown");
}

/** An event for the method, with all required keys but those from the scope. */
function eventFor(method: string, facts: MethodFacts, extra: object = {}): object {
  const needed = facts.required.filter((key) => key !== "chat_id" && key !== "business_connection_id");
  return { type: typeOf(method), ...Object.fromEntries(needed.map((key) => [key, "x"])), ...extra };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}

test("an event becomes the call of its method, with the same keys", () => {
  assert.deepEqual(encode({ type: "telegram.send_message", chat_id: -100, text: "Hi", parse_mode: "HTML" }, CHAT), {
    method: "sendMessage",
    lane: "-100",
    body: '{"chat_id":-100,"text":"Hi","parse_mode":"HTML"}',
  });
});

test("a method without parameters has an empty body", () => {
  assert.deepEqual(encode({ type: "telegram.get_me" }, CHAT), { method: "getMe", lane: undefined, body: "{}" });
});

suite("chat_id", () => {
  const WITHOUT = ["sendGift", "setChatMenuButton", "getChatMenuButton"];

  test("chat_id is the scope's chat for every method that takes one, except the three where absence has a meaning", () => {
    for (const [method, facts] of methods) {
      const expected = facts.takes.includes("chat_id") && !WITHOUT.includes(method) ? 42 : undefined;
      const { chat_id } = bodyOf(eventFor(method, facts), BUSINESS);
      assert.equal(chat_id, expected, method);
    }
  });

  test("chat_id is not filled in beside inline_message_id", () => {
    const inline = methods.filter(([, { takes }]) => takes.includes("inline_message_id"));
    assert.equal(inline.length, 8);
    for (const [method, facts] of inline) {
      const event = eventFor(method, facts, { inline_message_id: "i1" });
      assert.equal("chat_id" in bodyOf(event), false, method);
      assert.equal(encode(event, CHAT).lane, "inline:i1");
    }
  });

  test("a chat_id in the event has precedence", () => {
    for (const chat_id of [7, "@channel"]) {
      assert.equal(bodyOf({ type: "telegram.send_message", text: "x", chat_id }).chat_id, chat_id);
      assert.equal(bodyOf({ type: "telegram.set_chat_menu_button", chat_id }).chat_id, chat_id);
    }
  });

  test("a chat_id of undefined counts as absent", () => {
    assert.equal(bodyOf({ type: "telegram.send_message", text: "x", chat_id: undefined }).chat_id, 42);
  });

  test("chat_id must be given in a user's scope, for each of the 90 methods that require it", () => {
    let needing = 0;
    for (const [method, facts] of methods) {
      const event = eventFor(method, facts, { business_connection_id: "b" });
      if (!facts.required.includes("chat_id")) {
        assert.equal("chat_id" in bodyOf(event, USER), false, method);
        continue;
      }
      needing += 1;
      assert.equal(
        refusal(event, USER).message,
        `${typeOf(method)} needs "chat_id": the scope is no chat's, so there is no default`,
      );
      assert.equal(bodyOf({ ...event, chat_id: 1 }, USER).chat_id, 1);
    }
    assert.equal(needing, 90);
  });

  test("chat_id is not filled in for an unknown method", () => {
    assert.deepEqual(encode({ type: "telegram.send_hologram", shape: "cube" }, BUSINESS), {
      method: "sendHologram",
      lane: undefined,
      body: '{"shape":"cube"}',
    });
  });
});

suite("business_connection_id", () => {
  test("business_connection_id is the scope's for each of the 51 methods that take it, and for no other", () => {
    let taking = 0;
    for (const [method, facts] of methods) {
      const takes = facts.takes.includes("business_connection_id");
      if (takes) taking += 1;
      assert.equal(
        bodyOf(eventFor(method, facts), BUSINESS).business_connection_id,
        takes ? "conn1" : undefined,
        method,
      );
    }
    assert.equal(taking, 51);
  });

  test("a business_connection_id in the event has precedence", () => {
    const event = { type: "telegram.send_message", text: "x", business_connection_id: "other" };
    assert.equal(bodyOf(event, BUSINESS).business_connection_id, "other");
  });

  test("without one in the scope, the 21 methods that require business_connection_id are refused", () => {
    assert.equal("business_connection_id" in bodyOf({ type: "telegram.send_message", text: "x" }), false);
    const needing = methods.filter(([, { required }]) => required.includes("business_connection_id"));
    assert.equal(needing.length, 21);
    for (const [method, facts] of needing) assert.equal(refusal(eventFor(method, facts)).key, "business_connection_id");
  });
});

suite("message_thread_id", () => {
  test("message_thread_id is the scope's topic for each method that takes one, and for no other", () => {
    const taking = methods.filter(([, { takes }]) => takes.includes("message_thread_id"));
    assert.ok(taking.some(([method]) => method === "sendMessage") && taking.some(([method]) => method === "sendPhoto"));
    for (const [method, facts] of methods) {
      const { message_thread_id: _, ...event } = eventFor(method, facts) as Record<string, unknown>;
      const { message_thread_id } = bodyOf({ ...event, business_connection_id: "b" }, TOPIC);
      assert.equal(message_thread_id, facts.takes.includes("message_thread_id") ? 7 : undefined, method);
    }
  });

  test("a call that names a topic or its chat goes there as it stands", () => {
    const event = { type: "telegram.send_message", text: "x" };
    assert.deepEqual(bodyOf({ ...event, message_thread_id: 9 }, TOPIC), {
      text: "x",
      message_thread_id: 9,
      chat_id: 42,
    });
    for (const chat_id of [42, 43]) assert.deepEqual(bodyOf({ ...event, chat_id }, TOPIC), { text: "x", chat_id });
  });

  test("outside a topic's scope it is not filled in, and the methods that need it are refused without", () => {
    assert.equal("message_thread_id" in bodyOf({ type: "telegram.send_message", text: "x" }), false);
    assert.equal(refusal({ type: "telegram.close_forum_topic" }).key, "message_thread_id");
    assert.deepEqual(bodyOf({ type: "telegram.close_forum_topic" }, TOPIC), { chat_id: 42, message_thread_id: 7 });
  });
});

suite("reply_to_message_id", () => {
  test("reply_to_message_id becomes reply_parameters for every method that has these", () => {
    const replying = methods.filter(([, { takes }]) => takes.includes("reply_parameters"));
    assert.ok(replying.length > 20);
    for (const [method, facts] of replying) {
      const body = bodyOf(eventFor(method, facts, { reply_to_message_id: 9 }), BUSINESS);
      assert.deepEqual(body.reply_parameters, { message_id: 9 }, method);
      assert.equal("reply_to_message_id" in body, false, method);
    }
  });

  test("reply_parameters have precedence over reply_to_message_id", () => {
    const reply_parameters = { message_id: 1, quote: "q" };
    const body = bodyOf({ type: "telegram.send_message", text: "x", reply_to_message_id: 9, reply_parameters });
    assert.deepEqual(body, { text: "x", reply_parameters, chat_id: 42 });
  });

  test("a reply_to_message_id of undefined makes no reply", () => {
    const body = bodyOf({ type: "telegram.send_message", text: "x", reply_to_message_id: undefined });
    assert.deepEqual(body, { text: "x", chat_id: 42 });
  });
});

suite("poll_type", () => {
  test("poll_type becomes the type of sendPoll", () => {
    const body = bodyOf({ type: "telegram.send_poll", question: "?", options: [{ text: "a" }], poll_type: "quiz" });
    assert.deepEqual(body, { question: "?", options: [{ text: "a" }], type: "quiz", chat_id: 42 });
  });

  test("poll_type stays in other methods, and a nested type stays", () => {
    const reply_markup = { keyboard: [[{ text: "x", request_poll: { type: "quiz" } }]] };
    const body = bodyOf({ type: "telegram.send_message", text: "x", poll_type: "quiz", reply_markup });
    assert.deepEqual(body, { text: "x", poll_type: "quiz", reply_markup, chat_id: 42 });
  });
});

suite("the lane", () => {
  const lane = (event: object, defaults = CHAT) => encode(event, defaults).lane;

  test("the lane is the destination, from the event or the scope", () => {
    assert.equal(lane({ type: "telegram.send_message", text: "x" }), "42");
    assert.equal(lane({ type: "telegram.send_message", text: "x", chat_id: "42" }), "42");
    assert.equal(lane({ type: "telegram.forward_message", from_chat_id: 1, message_id: 1, chat_id: 7 }), "7");
    assert.equal(lane({ type: "telegram.delete_message", message_id: 1 }), "42");
  });

  test("the lane of a business connection's chat is not the chat's own", () => {
    assert.equal(lane({ type: "telegram.send_message", text: "x" }, BUSINESS), "42/conn1");
  });

  test("a call that goes to no chat has no lane", () => {
    assert.equal(lane({ type: "telegram.answer_callback_query", callback_query_id: "1" }), undefined);
  });
});

suite("missing keys", () => {
  for (const [event, key] of [
    [{ type: "telegram.send_message" }, "text"],
    [{ type: "telegram.send_message", txt: "x" }, "text"],
    [{ type: "telegram.send_message", text: undefined }, "text"],
    [{ type: "telegram.send_message", text: null }, "text"],
    [{ type: "telegram.send_location", latitude: 1 }, "longitude"],
    [{ type: "telegram.answer_callback_query" }, "callback_query_id"],
  ] as const) {
    test(`${JSON.stringify(event)} needs "${key}"`, () => {
      assert.equal(refusal(event).message, `${event.type} needs "${key}"`);
      assert.equal(refusal(event).key, key);
    });
  }

  test("each required key of each method is checked", () => {
    for (const [method, facts] of methods) {
      for (const key of facts.required) {
        const event = Object.fromEntries(facts.required.map((name) => [name, "x"]));
        delete event[key];
        assert.equal(refusal({ ...event, type: typeOf(method) }, USER).key, key, method);
      }
    }
  });

  test("a required key may be zero or empty", () => {
    const event = { type: "telegram.send_location", latitude: 0, longitude: 0 };
    assert.deepEqual(bodyOf(event), { latitude: 0, longitude: 0, chat_id: 42 });
    assert.deepEqual(bodyOf({ type: "telegram.send_message", text: "" }), { text: "", chat_id: 42 });
  });
});

suite("wrong events", () => {
  const says = (what: string) =>
    `send() takes an event such as { type: "telegram.send_message", text: "…" }, not ${what}`;

  test("a value that is no object is refused", () => {
    assert.equal(refusal(undefined).message, says("undefined"));
    assert.equal(refusal(null).message, says("null"));
    assert.equal(refusal("Hello").message, says('the string "Hello"'));
    assert.equal(refusal(5).message, says("a number"));
    assert.equal(refusal(5n).message, says("a bigint"));
    assert.equal(refusal(Symbol("x")).message, says("a symbol"));
    assert.equal(refusal(() => {}).message, says("a function"));
    assert.equal(refusal([{ type: "telegram.get_me" }]).message, says("an array"));
  });

  test("an event without a type is refused", () => {
    assert.equal(refusal({ text: "x" }).message, 'the event\'s "type" must be a string, not undefined');
    assert.equal(refusal({ type: 5 }).message, 'the event\'s "type" must be a string, not a number');
    assert.equal(refusal(new Map([["type", "telegram.get_me"]])).key, "type");
  });

  test("an event of an unknown type is refused", () => {
    for (const type of ["sendMessage", "telegram.sendMessage", "", "telegram.", "lifespan.startup.complete"]) {
      assert.equal(
        refusal({ type, text: "x" }).message,
        `unknown event type ${JSON.stringify(type)}: an outgoing event is named after a method of the Bot API, "telegram.send_message" for sendMessage`,
      );
      assert.equal(refusal({ type }).key, "type");
    }
    assert.ok(refusal({ type: "x".repeat(1_000_000) }).message.length < 300);
  });

  test("an event with a value that is not plain data is refused", () => {
    const cyclic: { self?: object } = {};
    cyclic.self = cyclic;
    for (const [value, key] of [
      [() => {}, "text"],
      [Symbol("x"), "text"],
      [1n, "text"],
      [Number.NaN, "text"],
      [new Map(), "text"],
      [new Uint8Array(1), "text"],
      [new Date(0), "text"],
      [cyclic, "text.self"],
      [[undefined], "text[0]"],
      [{ a: [{ b: new Set() }] }, "text.a[0].b"],
    ] as const) {
      assert.equal(refusal({ type: "telegram.send_message", text: value }).key, key);
    }
  });

  test("an event that throws when it is read is refused", () => {
    const failing = (error: unknown) => ({
      type: "telegram.send_message",
      get text(): string {
        throw error;
      },
    });
    const cause = new RangeError("the cursor is gone");
    const error = refusal(failing(cause));
    assert.equal(error.message, "the event cannot be read: RangeError: the cursor is gone");
    assert.equal(error.cause, cause);
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const thrown of [undefined, null, Symbol("x"), Object.create(null), () => {}, proxy]) {
      assert.match(refusal(failing(thrown)).message, /^the event cannot be read: /);
    }
    assert.match(refusal(proxy).message, /^the event cannot be read: TypeError: /);
    assert.match(refusal({ type: "telegram.send_message", text: proxy }).message, /^the event cannot be read: /);
  });

  test("an event with a key __proto__ is refused", () => {
    const event = JSON.parse('{ "type": "telegram.send_message", "text": "x", "__proto__": { "chat_id": 1 } }');
    assert.equal(refusal(event).key, "__proto__");
  });
});

test("a deeply frozen event can be encoded, and is not changed", () => {
  const event = deepFreeze({
    type: "telegram.send_poll",
    question: "?",
    options: [{ text: "a" }, { text: "b" }],
    poll_type: "quiz",
    reply_to_message_id: 1,
  });
  const before = JSON.stringify(event);
  encode(event, deepFreeze({ ...BUSINESS }));
  assert.equal(JSON.stringify(event), before);
});

test("any other keys and plain values arrive unchanged", () => {
  const special = ["type", "__proto__", "chat_id", "text", "reply_to_message_id"];
  const key = fc.string().filter((name) => !special.includes(name));
  const keys = fc.dictionary(key, fc.jsonValue(), { noNullPrototype: true });
  fc.assert(
    fc.property(keys, (keys) => {
      const event = deepFreeze({ type: "telegram.send_message", text: "x", ...keys });
      assert.deepEqual(bodyOf(event), JSON.parse(JSON.stringify({ text: "x", ...keys, chat_id: 42 })));
    }),
  );
});

test("any value becomes either a call with a JSON object as its body or an InvalidEventError", () => {
  const anything = fc.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withObjectString: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
    key: fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "toString", "toJSON", "then", "length")),
  });
  const type = fc.oneof(fc.constantFrom(...methods.map(([method]) => typeOf(method))), fc.string(), anything);
  const keys = ["text", "chat_id", "business_connection_id", "inline_message_id", "reply_parameters"];
  const key = fc.oneof(
    fc.constantFrom(...keys, "reply_to_message_id", "poll_type", "__proto__", "toJSON"),
    fc.string(),
  );
  const event = fc
    .tuple(type, fc.array(fc.tuple(key, anything)))
    .map(([type, entries]) => Object.fromEntries([...entries, ["type", type]]));
  const defaults = fc.constantFrom(CHAT, BUSINESS, USER);
  fc.assert(
    fc.property(fc.oneof(event, anything), defaults, (event, defaults) => {
      try {
        const { method, lane, body } = encode(event, defaults);
        assert.equal(method, methodOf((event as { type: string }).type));
        assert.ok(lane === undefined || typeof lane === "string");
        const parsed = JSON.parse(body);
        assert.ok(typeof parsed === "object" && parsed !== null && !Array.isArray(parsed));
      } catch (error) {
        if (!(error instanceof InvalidEventError)) throw error;
        assert.ok(error.message.length > 0);
        assert.ok(error.message.length < 5000);
      }
    }),
    { numRuns: 3000 },
  );
});

suite("the hint beside Telegram's 404", () => {
  test("the hint names the method that was probably meant", () => {
    assert.equal(
      hintFor("sendMesage"),
      " (telegram.send_mesage names no method known to this version; did you mean telegram.send_message?)",
    );
    assert.equal(hintFor("holograph"), " (telegram.holograph names no method known to this version)");
  });

  test("there is no hint for a known method or a download", () => {
    assert.deepEqual([hintFor("getMe"), hintFor("downloadFile")], ["", ""]);
  });
});
