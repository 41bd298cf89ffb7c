import assert from "node:assert/strict";
import { describe, suite, test } from "node:test";
import fc from "fast-check";
import type { UpdateKind } from "../../src/protocol/events.ts";
import {
  addressOf,
  type Entity,
  kindOf,
  type LineKind,
  routeOf,
  type TelegramObject,
  UPDATE_KINDS,
} from "../../src/protocol/route.ts";
import { SHARDS, shardOf, shardOfKey } from "../../src/protocol/shard.ts";
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

const route = (kind: string, payload: object, line?: LineKind) => routeOf(kind, payload as TelegramObject, BOT, line);

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

suite("with --line member", () => {
  const members: { [Kind in UpdateKind]?: Entity } = {
    edited_message: ADA,
    message_reaction: BOB,
    callback_query: BOB,
    chat_member: ADA,
    chat_join_request: BOB,
  };
  for (const kind of UPDATE_KINDS) {
    const member = members[kind];
    const whose = member === undefined ? "the line that it has without" : "the line of the member who did it";
    test(`${kind} goes to ${whose}`, () => {
      const whole = route(kind, PAYLOADS[kind]);
      const key = member === undefined ? whole.key : `${whole.key}/member:${member.id}`;
      assert.deepEqual(route(kind, PAYLOADS[kind], "member"), { ...whole, key, member });
    });
  }

  test("a message in a group goes to its sender's line, in topics, too", () => {
    for (const chat of [GROUP, SUPERGROUP]) {
      const message = { ...PAYLOADS.message, chat, is_topic_message: true, message_thread_id: 7 };
      const { key, topic } = route("message", message, "member");
      assert.deepEqual([key, topic], [`chat:${chat.id}/member:${ADA.id}`, undefined]);
    }
  });

  test("what is done in the name of a chat goes to the group's line", () => {
    const message = { ...PAYLOADS.message, chat: SUPERGROUP };
    const { user: _, ...reaction } = PAYLOADS.message_reaction;
    for (const [kind, payload] of [
      ["message", { ...message, sender_chat: SUPERGROUP }],
      ["message", { ...message, sender_chat: CHANNEL }],
      ["message_reaction", { ...reaction, actor_chat: CHANNEL }],
      ["poll_answer", { ...ANONYMOUS_POLL_ANSWER, voter_chat: SUPERGROUP }],
    ] as const) {
      assert.equal(route(kind, payload, "member").key, `chat:${SUPERGROUP.id}`, kind);
    }
  });

  test("a button below a message of an anonymous administrator belongs to the member who presses it", () => {
    const message = { ...PAYLOADS.message, chat: SUPERGROUP, sender_chat: SUPERGROUP };
    const { key } = route("callback_query", { ...PAYLOADS.callback_query, message }, "member");
    assert.equal(key, `chat:${SUPERGROUP.id}/member:${BOB.id}`);
  });
});

suite("with --line topic", () => {
  const inTopic = { message_thread_id: 7, is_topic_message: true };

  test("a message of a topic goes to the topic's line, and so does a button below it", () => {
    const key = `chat:${SUPERGROUP.id}/topic:7`;
    const message = { ...PAYLOADS.message, chat: SUPERGROUP, ...inTopic };
    for (const [kind, payload] of [
      ["message", message],
      ["edited_message", message],
      ["callback_query", { ...PAYLOADS.callback_query, message }],
    ] as const) {
      assert.deepEqual(route(kind, payload, "topic"), { ...route(kind, payload), key, topic: 7 });
    }
  });

  test("a private chat's topics have lines, and a message that is stopped belongs to its topic", () => {
    const key = `chat:${PRIVATE.id}/topic:7`;
    assert.equal(route("message", { ...PAYLOADS.message, ...inTopic }, "topic").key, key);
    const stopped = { ...PAYLOADS.stopped_message_generation, message_thread_id: 7 };
    assert.equal(route("stopped_message_generation", stopped, "topic").key, key);
  });

  test("a thread of replies and the General topic go to the chat's line", () => {
    const message = { ...PAYLOADS.message, chat: SUPERGROUP };
    for (const rest of [{}, { message_thread_id: 7 }, { is_topic_message: true }]) {
      assert.equal(route("message", { ...message, ...rest }, "topic").key, `chat:${SUPERGROUP.id}`);
    }
  });

  test("a kind without a topic has the route that it has without", () => {
    for (const kind of UPDATE_KINDS)
      assert.deepEqual(route(kind, PAYLOADS[kind], "topic"), route(kind, PAYLOADS[kind]));
  });
});

test("a guest query has a line of its own in any case", () => {
  for (const line of ["chat", "topic", "member"] as const) {
    const message = { ...PAYLOADS.guest_message, message_thread_id: 7, is_topic_message: true };
    assert.equal(route("guest_message", message, line).key, `chat:${SUPERGROUP.id}/guest:guest1`);
  }
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
      assert.deepEqual(addressOf(update, BOT, "chat"), { kind, line: key, shard: shardOf(id, SHARDS), chat: id });
    }
  });

  test("with --urgent a command of the list has a line of its own in its line, and the shard of its chat", () => {
    const lineOf = (text: string, line: LineKind = "chat", kind = "message") => {
      const message = { ...PAYLOADS.message, chat: GROUP, text };
      return addressOf({ update_id: 1, [kind]: message }, BOT, line, ["/stop", "/cancel"]);
    };
    const { line, shard } = lineOf("hello");
    for (const text of ["/stop", "/cancel all of it", "/stop@echo_bot now", "/stop@Echo_Bot"]) {
      assert.deepEqual([lineOf(text).line, lineOf(text).shard], [`${line}/urgent`, shard], text);
    }
    for (const text of ["/stopped", "/start", "/stop@another_bot", "please /stop", "/STOP"]) {
      assert.equal(lineOf(text).line, line, text);
    }
    assert.equal(lineOf("/stop", "chat", "edited_message").line, line);
    assert.equal(lineOf("/stop", "member").line, `${lineOf("hello", "member").line}/urgent`);
    assert.equal(addressOf({ update_id: 1, message: { chat: GROUP, text: "/stop" } }, BOT, "chat").line, line);
  });

  test("with --line it is that of the topic or member, and the chat is the same", () => {
    const message = { ...PAYLOADS.message, chat: SUPERGROUP, message_thread_id: 7, is_topic_message: true };
    const update = { update_id: 1, message };
    const [whole, ...parts] = (["chat", "topic", "member"] as const).map((line) => addressOf(update, BOT, line));
    const lines = [`chat:${SUPERGROUP.id}/topic:7`, `chat:${SUPERGROUP.id}/member:${ADA.id}`];
    assert.deepEqual(
      parts,
      lines.map((line) => ({ ...whole, line, shard: shardOfKey(line) })),
    );
    assert.equal(new Set([whole, ...parts].map((address) => address!.shard)).size, 3);
  });

  test("an update without a payload that could be an event has no kind, and the bot's own line", () => {
    const address = { kind: "", line: `user:${BOT.id}`, shard: shardOf(BOT.id, SHARDS), chat: BOT.id };
    for (const rest of [{}, { message: null }, { message: 3 }, { message: [1] }, { "": {} }]) {
      assert.deepEqual(addressOf({ update_id: 1, ...rest }, BOT, "chat"), address);
    }
  });
});

test("any JSON object has a route with any --line, always the same, and its key has its shard", () => {
  const names = ["chat", "message", "voter_chat", "user", "from", "business_connection_id", "guest_query_id", "id"];
  const parts = ["type", "is_topic_message", "message_thread_id", "sender_chat", "actor_chat"];
  const { payload } = fc.letrec((tie) => ({
    payload: fc.dictionary(
      fc.oneof(fc.constantFrom(...names, ...parts, "toString", "__proto__"), fc.string()),
      tie("value"),
    ),
    value: fc.oneof(
      { maxDepth: 3 },
      fc.integer(),
      fc.constantFrom(true, "group", "supergroup"),
      fc.jsonValue({ maxDepth: 2 }),
      tie("payload"),
    ),
  }));
  const kind = fc.oneof(fc.constantFrom<string>(...UPDATE_KINDS), fc.string());
  fc.assert(
    fc.property(kind, payload, fc.constantFrom("chat", "topic", "member"), (kind, payload, line) => {
      const received = JSON.parse(JSON.stringify(payload)) as TelegramObject;
      const found = routeOf(kind, received, BOT, line);
      assert.ok(Number.isSafeInteger(found.id));
      assert.equal(found.entity.id, found.id);
      assert.match(found.key, /^(chat|user):-?\d+(\/(topic|member):-?\d+)?(\/business:.*)?(\/guest:.*)?$/s);
      const { key, topic, member, ...rest } = found;
      const { key: whole, topic: _, member: __, ...others } = routeOf(kind, received, BOT);
      assert.deepEqual(rest, others, "the rest of the route is the chat's");
      const part = topic !== undefined ? `/topic:${topic}` : member !== undefined ? `/member:${member.id}` : "";
      assert.equal(key, whole.replace(/^\w+:-?\d+/, `$&${part}`));
      assert.ok((topic === undefined || line === "topic") && (member === undefined || line === "member"));
      for (const suffix of [found.business_connection_id, found.guest_query_id]) {
        assert.ok(suffix === undefined || typeof suffix === "string");
      }
      assert.deepEqual(routeOf(kind, received, BOT, line), found);
      const update = { update_id: 1, [kind]: received };
      if (kindOf(update) !== kind) return;
      const { line: stored, shard, chat } = addressOf(update, BOT, line);
      assert.deepEqual([stored, shard, chat], [key, shardOfKey(key), found.id]);
    }),
    { numRuns: 2000 },
  );
});
