import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { delivery } from "../../src/protocol/delivery.ts";
import type { UpdateKind } from "../../src/protocol/events.ts";
import { addressOf, type LineKind, routeOf, type TelegramObject } from "../../src/protocol/route.ts";
import { readEvent, scopeOf } from "../../workers/event.ts";
import { ADA, BOT, GROUP, PAYLOADS, SUPERGROUP } from "../protocol/updates.ts";

function read(update: object, attempt = 1, line: LineKind = "chat") {
  const body = JSON.stringify({ update_id: 900, ...update });
  return readEvent({ seq: 5, attempt, body }, BOT, line);
}

suite("every kind of update", () => {
  for (const [kind, payload] of Object.entries(PAYLOADS)) {
    test(`${kind}: type comes first, then the keys of the Telegram object`, () => {
      const { route, ...delivered } = read({ [kind]: payload });
      const { type, ...rest } = delivered.event as unknown as TelegramObject;
      assert.equal(Object.keys(delivered.event)[0], "type");
      assert.equal(type, `telegram.${kind}`);
      const { type: own, ...expected } = payload as TelegramObject;
      assert.deepEqual(rest, own === undefined ? expected : { ...expected, [`${kind}_type`]: own });
      assert.equal(delivered.seq, 5);
      assert.deepEqual(route, routeOf(kind as UpdateKind, payload as TelegramObject, BOT));
    });
  }
});

test("the worker finds the line by which the inbox stores an update, with any --line", () => {
  for (const [kind, payload] of Object.entries(PAYLOADS)) {
    for (const place of [{}, { chat: SUPERGROUP, message_thread_id: 7, is_topic_message: true }]) {
      const update = { update_id: 900, [kind]: { ...payload, ...place } };
      for (const line of ["chat", "topic", "member"] as const) {
        assert.equal(read(update, 1, line).route.key, addressOf(update, BOT, line).line, `${kind}, ${line}`);
      }
    }
  }
});

test("a Poll's type becomes poll_type, and no other type is changed", () => {
  const { poll } = PAYLOADS;
  const event = read({ poll }).event as Record<string, unknown>;
  assert.equal(event.type, "telegram.poll");
  assert.equal(event.poll_type, "regular");
  const message = read({ message: { ...PAYLOADS.message, poll } }).event as Record<string, unknown>;
  assert.deepEqual(message.poll, poll);
  assert.equal("message_type" in message, false);
  assert.equal("poll_type" in message, false);
});

test("the delivery is attached to the event, and is no key of it", () => {
  const { event } = read({ message: PAYLOADS.message }, 3);
  const { update_id, attempt } = delivery(event)!;
  assert.deepEqual([update_id, attempt], [900, 3]);
  assert.equal("update_id" in event, false);
});

test("the keys of an unknown kind arrive as they are", () => {
  const payload = fc.dictionary(
    fc.string().filter((key) => key !== "type"),
    fc.jsonValue(),
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(payload, (payload) => {
      const { event } = read({ brand_new: payload });
      assert.deepEqual({ ...event }, JSON.parse(JSON.stringify({ type: "telegram.brand_new", ...payload })));
    }),
  );
});

const EXTENSIONS = { signal: new AbortController().signal };

suite("the scope", () => {
  const scope = (update: object, state = {}) =>
    scopeOf(read(update).route, state, EXTENSIONS) as Record<string, unknown>;

  test("a chat's scope has a chat and no user", () => {
    assert.deepEqual(scope({ edited_message: PAYLOADS.edited_message }), {
      type: "telegram",
      asgi: { version: "3.0", spec_version: "1.0" },
      chat: GROUP,
      state: {},
      extensions: EXTENSIONS,
    });
  });

  test("a user's scope has a user and no chat", () => {
    const { user, chat } = scope({ inline_query: PAYLOADS.inline_query });
    assert.deepEqual(user, PAYLOADS.inline_query.from);
    assert.equal(chat, undefined);
  });

  test("a topic's scope names the topic, a member's the member; both have the chat", () => {
    const message = { ...PAYLOADS.message, chat: SUPERGROUP, message_thread_id: 7, is_topic_message: true };
    const scopeIn = (line: LineKind) =>
      scopeOf(read({ message }, 1, line).route, {}, EXTENSIONS) as Record<string, unknown>;
    const { topic, ...ofTopic } = scopeIn("topic");
    const { member, ...ofMember } = scopeIn("member");
    assert.equal(topic, 7);
    assert.deepEqual(member, ADA);
    assert.equal("topic" in scopeIn("chat"), false);
    for (const rest of [ofTopic, ofMember]) assert.deepEqual(rest, scopeIn("chat"));
  });

  test("the scope of an update without a chat or user has the bot's user", () => {
    assert.deepEqual(scope({ poll: PAYLOADS.poll }).user, BOT);
  });

  test("a scope names its business connection or guest query; without one it has no such key", () => {
    const business = scope({ business_message: PAYLOADS.business_message });
    assert.equal(business.business_connection_id, "conn1");
    assert.equal("guest_query_id" in business, false);
    const guest = scope({ guest_message: PAYLOADS.guest_message });
    assert.equal(guest.guest_query_id, "guest1");
    assert.equal("business_connection_id" in guest, false);
  });

  test("a scope has a shallow copy of the lifespan's state", () => {
    const database = { open: true };
    const key = Symbol("key");
    const state: Record<string, unknown> = { database };
    const { state: own } = scope({ poll: PAYLOADS.poll }, state) as { state: Record<string, unknown> };
    assert.deepEqual(Object.keys(own), ["database"]);
    assert.equal(own.database, database);
    own.mine = 1;
    assert.deepEqual(Object.keys(state), ["database"]);
    assert.deepEqual(scope({ poll: PAYLOADS.poll }, { [key]: database }).state, { [key]: database });
  });

  test("scopes share nothing else that can be changed", () => {
    const scope = () => scopeOf(read({ poll: PAYLOADS.poll }).route, {}, { ...EXTENSIONS }) as Record<string, object>;
    const first = scope() as Record<string, Record<string, unknown>>;
    for (const part of ["user", "state", "extensions"]) first[part]!.id = "changed";
    assert.throws(() => Object.assign(first.asgi!, { version: "4.0" }), TypeError);
    const { user, asgi } = scope();
    assert.equal((user as { id: unknown }).id, BOT.id);
    assert.deepEqual(asgi, { version: "3.0", spec_version: "1.0" });
  });
});
