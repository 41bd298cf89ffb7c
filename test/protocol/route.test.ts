import assert from "node:assert/strict";
import { describe, suite, test } from "node:test";
import fc from "fast-check";
import type { UpdateKind } from "../../src/protocol/events.ts";
import {
  addressOf,
  type Entity,
  kindOf,
  routeOf,
  type TelegramObject,
  UPDATE_KINDS,
} from "../../src/protocol/route.ts";
import { SHARDS, shardOf } from "../../src/protocol/shard.ts";
import {
  ADA,
  ANONYMOUS_POLL_ANSWER,
  BOB,
  BOT,
  CALLBACK_ON_BUSINESS_MESSAGE,
  CALLBACK_ON_INACCESSIBLE_MESSAGE,
  CALLBACK_WITHOUT_MESSAGE,
  CHANNEL,
  GROUP,
  PAYLOADS,
  PRIVATE,
  SUPERGROUP,
} from "./updates.ts";

const route = (kind: string, payload: object) => routeOf(kind, payload as TelegramObject, BOT);

suite("the route of every kind of update", () => {
  const chat = (entity: Entity, suffix = "") => ({ key: `chat:${entity.id}${suffix}`, entity });
  const user = (entity: Entity) => ({ key: `user:${entity.id}`, entity });
  const expected: Record<UpdateKind, { key: string; entity: Entity }> = {
    message: chat(PRIVATE),
    edited_message: chat(GROUP),
    channel_post: chat(CHANNEL),
    edited_channel_post: chat(CHANNEL),
    business_connection: user(BOB),
    business_message: chat(PRIVATE, "/business:conn1"),
    edited_business_message: chat(PRIVATE, "/business:conn1"),
    deleted_business_messages: chat(PRIVATE, "/business:conn1"),
    guest_message: chat(SUPERGROUP, "/guest:guest1"),
    stopped_message_generation: chat(PRIVATE),
    message_reaction: chat(SUPERGROUP),
    message_reaction_count: chat(CHANNEL),
    inline_query: user(ADA),
    chosen_inline_result: user(ADA),
    callback_query: chat(SUPERGROUP),
    shipping_query: user(ADA),
    pre_checkout_query: user(ADA),
    purchased_paid_media: user(ADA),
    poll: user(BOT),
    poll_answer: user(ADA),
    my_chat_member: chat(PRIVATE),
    chat_member: chat(SUPERGROUP),
    chat_join_request: chat(SUPERGROUP),
    chat_boost: chat(CHANNEL),
    removed_chat_boost: chat(CHANNEL),
    managed_bot: user(ADA),
    subscription: user(ADA),
  };
  for (const [kind, { key, entity }] of Object.entries(expected)) {
    test(`${kind}: ${key}`, () => {
      const found = route(kind, PAYLOADS[kind as UpdateKind]);
      assert.equal(found.key, key);
      assert.equal(found.subject, key.startsWith("chat:") ? "chat" : "user");
      assert.equal(found.id, entity.id);
      assert.deepEqual(found.entity, entity);
      assert.equal(found.business_connection_id, key.includes("/business:") ? "conn1" : undefined);
      assert.equal(found.guest_query_id, key.includes("/guest:") ? "guest1" : undefined);
    });
  }

  test("UPDATE_KINDS has all 27 kinds", () => {
    assert.equal(UPDATE_KINDS.length, 27);
    assert.deepEqual(UPDATE_KINDS.toSorted(), Object.keys(PAYLOADS).toSorted());
  });
});

suite("a callback query", () => {
  test("a callback query on an inaccessible message belongs to that message's chat", () => {
    assert.equal(route("callback_query", CALLBACK_ON_INACCESSIBLE_MESSAGE).key, `chat:${GROUP.id}`);
  });

  test("a callback query without a message belongs to the user who pressed the button", () => {
    const found = route("callback_query", CALLBACK_WITHOUT_MESSAGE);
    assert.equal(found.key, `user:${BOB.id}`);
    assert.equal(found.subject, "user");
  });

  test("a callback query on a business account's message belongs to the business connection", () => {
    const found = route("callback_query", CALLBACK_ON_BUSINESS_MESSAGE);
    assert.equal(found.key, `chat:${PRIVATE.id}/business:conn1`);
    assert.equal(found.business_connection_id, "conn1");
  });
});

test("a poll answer of a chat belongs to the chat, not to the placeholder user", () => {
  const found = route("poll_answer", ANONYMOUS_POLL_ANSWER);
  assert.equal(found.key, `chat:${CHANNEL.id}`);
  assert.deepEqual(found.entity, CHANNEL);
});

test("a customer's business chat and the same person's private chat are two scopes of one shard id", () => {
  const own = route("message", PAYLOADS.message);
  const business = route("business_message", PAYLOADS.business_message);
  assert.notEqual(own.key, business.key);
  assert.equal(own.id, business.id);
});

test("each guest query has a scope of its own; in other kinds guest_query_id has no effect", () => {
  const other = { ...PAYLOADS.guest_message, guest_query_id: "guest2" };
  assert.notEqual(route("guest_message", PAYLOADS.guest_message).key, route("guest_message", other).key);
  assert.equal(route("message", other).key, `chat:${SUPERGROUP.id}`);
});

test("a managed bot's update belongs to the user who manages it, never to the managed bot", () => {
  assert.equal(route("managed_bot", PAYLOADS.managed_bot).entity.id, ADA.id);
});

suite("an unknown kind", () => {
  const everything = { chat: GROUP, message: { chat: SUPERGROUP }, voter_chat: CHANNEL, user: ADA, from: BOB };
  const order: [keyof typeof everything, string][] = [
    ["chat", `chat:${GROUP.id}`],
    ["message", `chat:${SUPERGROUP.id}`],
    ["voter_chat", `chat:${CHANNEL.id}`],
    ["user", `user:${ADA.id}`],
    ["from", `user:${BOB.id}`],
  ];
  for (const [i, [first, key]] of order.entries()) {
    test(`an unknown kind is routed by ${first} if no earlier key is present`, () => {
      const payload = Object.fromEntries(order.slice(i).map(([name]) => [name, everything[name]]));
      assert.equal(route("brand_new", payload).key, key);
    });
  }

  test("an unknown kind without a chat or user is routed to the bot's own user", () => {
    assert.equal(route("brand_new", { id: 5, chat: "none", user: null, from: { id: "x" } }).key, `user:${BOT.id}`);
  });

  test("an unknown kind is routed to its business connection", () => {
    assert.equal(
      route("brand_new", { chat: PRIVATE, business_connection_id: "c" }).key,
      `chat:${PRIVATE.id}/business:c`,
    );
  });

  test("an unknown kind can have the name of a member of Object.prototype", () => {
    for (const kind of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
      assert.equal(route(kind, { chat: GROUP }).key, `chat:${GROUP.id}`);
    }
  });
});

test("the kind of an update is its one key beside update_id, in any order", () => {
  assert.equal(kindOf({ update_id: 1, message: {} }), "message");
  assert.equal(kindOf({ brand_new: {}, update_id: 1 }), "brand_new");
  assert.equal(kindOf({ update_id: 1 }), undefined);
  assert.equal(kindOf({}), undefined);
});

describe("the address of an update", () => {
  test("it is its kind, the key of its route, and the shard of its chat", () => {
    for (const kind of UPDATE_KINDS) {
      const { key, id } = route(kind, PAYLOADS[kind]);
      const update = { update_id: 1, [kind]: PAYLOADS[kind] } as TelegramObject;
      assert.deepEqual(addressOf(update, BOT), { kind, line: key, shard: shardOf(id, SHARDS), chat: id });
    }
  });

  test("an update without a payload that could be an event has no kind, and the bot's own line", () => {
    const address = { kind: "", line: `user:${BOT.id}`, shard: shardOf(BOT.id, SHARDS), chat: BOT.id };
    for (const rest of [{}, { message: null }, { message: 3 }, { message: [1] }, { "": {} }]) {
      assert.deepEqual(addressOf({ update_id: 1, ...rest }, BOT), address);
    }
  });
});

test("any JSON object has a route, always the same", () => {
  const names = ["chat", "message", "voter_chat", "user", "from", "business_connection_id", "guest_query_id", "id"];
  const { payload } = fc.letrec((tie) => ({
    payload: fc.dictionary(fc.oneof(fc.constantFrom(...names, "toString", "__proto__"), fc.string()), tie("value")),
    value: fc.oneof({ maxDepth: 3 }, fc.integer(), fc.jsonValue({ maxDepth: 2 }), tie("payload")),
  }));
  const kind = fc.oneof(fc.constantFrom<string>(...UPDATE_KINDS), fc.string());
  fc.assert(
    fc.property(kind, payload, (kind, payload) => {
      const received = JSON.parse(JSON.stringify(payload)) as TelegramObject;
      const found = routeOf(kind, received, BOT);
      assert.ok(Number.isSafeInteger(found.id));
      assert.equal(found.entity.id, found.id);
      assert.match(found.key, /^(chat|user):-?\d+(\/business:.*)?(\/guest:.*)?$/s);
      for (const suffix of [found.business_connection_id, found.guest_query_id]) {
        assert.ok(suffix === undefined || typeof suffix === "string");
      }
      assert.deepEqual(routeOf(kind, received, BOT), found);
    }),
    { numRuns: 2000 },
  );
});
