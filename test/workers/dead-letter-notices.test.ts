import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { TelegramError as GramioError } from "gramio";
import { GrammyError } from "grammy";
import { TelegramError as TelegrafError } from "telegraf";
import type { DeadLetter } from "../../src/protocol/dead-letter.ts";
import { attachDelivery } from "../../src/protocol/delivery.ts";
import { DisconnectedError, TelegramError } from "../../src/protocol/errors.ts";
import type { Call } from "../../src/protocol/port.ts";
import { type LineKind, routeOf, type TelegramObject } from "../../src/protocol/route.ts";
import { currentEvent } from "../../workers/current-event.ts";
import { DeadLetterNotices } from "../../workers/dead-letter-notices.ts";
import { EventDelivery } from "../../workers/event-delivery.ts";
import type { Delivered } from "../../workers/instance.ts";

const MESSAGE = { chat: { id: 5 }, text: "x" };

function eventOf(kind = "message", payload: TelegramObject = MESSAGE, attempt = 2, line?: LineKind): Delivered {
  const event = { type: `telegram.${kind}`, ...payload };
  const delivery = new EventDelivery(900, attempt);
  attachDelivery(event, delivery);
  const item = { seq: 1, attempt, body: "{}" };
  return { seq: 1, event, route: routeOf(kind, payload, { id: 99 }, line), delivery, item, update: {} };
}

function setUp({ text, limit }: { text?: string; limit?: number } = {}) {
  const log: string[] = [];
  const calls: Call[] = [];
  const clock = { now: 0 };
  let answer = async (): Promise<unknown> => ({ message_id: 1 });
  const letters = new DeadLetterNotices({
    reporter: { log: (level, message, _, place) => void log.push(`${level}: ${place?.update_id}: ${message}`) },
    text,
    ...(limit === undefined ? {} : { limit }),
    now: () => clock.now,
  });
  const make = (call: Call) => {
    calls.push(call);
    return answer();
  };
  return {
    letters,
    log,
    calls,
    clock,
    tell: (delivered: Delivered, error: unknown = new Error("boom")) => letters.tell(delivered, error, { make }),
    answers(with_: () => Promise<unknown>): void {
      answer = with_;
    },
  };
}

describe("a handler", () => {
  test("a handler gets the event, the thrown value and the number of deliveries, and can send to the chat", async () => {
    const { letters, tell, calls } = setUp();
    const told: DeadLetter[] = [];
    letters.handler = async (letter) => {
      told.push(letter);
      await letter.send({ type: "telegram.send_message", text: "sorry" });
    };
    const delivered = eventOf();
    const error = { any: "value" };
    await tell(delivered, error);
    const [letter] = told;
    assert.equal(letter?.event, delivered.event as unknown);
    assert.equal(letter?.error, error);
    assert.equal(letter?.attempts, 2);
    const body = '{"text":"sorry","chat_id":5}';
    assert.deepEqual(calls, [{ method: "sendMessage", lane: "5", body, bulk: false }]);
  });

  test("a handler can send to the topic of a topic's scope", async () => {
    const { letters, tell, calls } = setUp();
    letters.handler = ({ send }) => send({ type: "telegram.send_message", text: "sorry" });
    await tell(eventOf("message", { ...MESSAGE, message_thread_id: 3, is_topic_message: true }, 2, "topic"));
    assert.deepEqual(JSON.parse(calls[0]!.body), { text: "sorry", chat_id: 5, message_thread_id: 3 });
  });

  test("a handler's code belongs to the event", async () => {
    const { letters, tell } = setUp();
    const delivered = eventOf();
    const seen: unknown[] = [];
    letters.handler = async () => {
      await null;
      seen.push(currentEvent());
    };
    await tell(delivered);
    assert.deepEqual(seen, [delivered]);
    assert.equal(currentEvent(), undefined);
  });

  test("a later handler replaces the first", async () => {
    const { letters, tell } = setUp();
    const told: string[] = [];
    letters.handler = () => told.push("first");
    letters.handler = () => told.push("second");
    await tell(eventOf());
    assert.deepEqual(told, ["second"]);
  });

  test("a throw of a handler is logged, and that is all", async () => {
    const { letters, tell, log } = setUp();
    letters.handler = () => {
      throw new Error("again");
    };
    await tell(eventOf());
    letters.handler = () => Promise.reject(new Error("and again"));
    await tell(eventOf());
    assert.deepEqual(log, Array(2).fill("error: 900: the handler of a dead letter threw"));
  });

  test("a handler that takes too long is no longer waited for, and cannot send any more", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { letters, tell, log, calls } = setUp();
    let send: DeadLetter["send"] | undefined;
    letters.handler = (letter) => {
      send = letter.send;
      return new Promise(() => {});
    };
    const told = tell(eventOf());
    t.mock.timers.tick(10_000);
    await told;
    assert.deepEqual(log, ["warn: 900: the handler of a dead letter has not returned after 10 s; the chat goes on"]);
    await assert.rejects(send!({ type: "telegram.send_message", text: "late" }), DisconnectedError);
    assert.deepEqual(calls, []);
  });

  test("a call that fails without anyone waiting for it ends nothing", async () => {
    const { letters, tell, answers } = setUp();
    answers(() => Promise.reject(new Error("no")));
    letters.handler = ({ send }) => {
      void send({ type: "telegram.send_message", text: "sorry" });
      void send({ type: "telegram.send_message" } as never);
    };
    await tell(eventOf());
    await new Promise(setImmediate);
  });

  test("without a handler and without a text there is nothing to tell", () => {
    assert.equal(setUp().tell(eventOf()), undefined);
  });
});

describe("the text of --on-failure", () => {
  const sent = ({ calls }: { calls: Call[] }) => calls.map(({ body }) => JSON.parse(body));

  test("a message's chat gets the text, in the message's topic", async () => {
    const bench = setUp({ text: "sorry" });
    await bench.tell(eventOf());
    await bench.tell(eventOf("message", { chat: { id: 6 }, message_thread_id: 3, is_topic_message: true }));
    assert.deepEqual(sent(bench), [
      { text: "sorry", chat_id: 5 },
      { text: "sorry", message_thread_id: 3, chat_id: 6 },
    ]);
  });

  test("the chat of a pressed button gets the text; a button without a chat gets none", async () => {
    const bench = setUp({ text: "sorry" });
    await bench.tell(eventOf("callback_query", { id: "1", from: { id: 8 }, message: { chat: { id: 7 } } }));
    assert.equal(bench.tell(eventOf("callback_query", { id: "1", from: { id: 8 } })), undefined);
    assert.deepEqual(sent(bench), [{ text: "sorry", chat_id: 7 }]);
  });

  test("lines of members and topics are no chats of their own: their chat gets it once a minute", async () => {
    const bench = setUp({ text: "sorry" });
    const [group, forum] = [-6, -7].map((id) => ({ id, type: "supergroup" }));
    for (const id of [1, 2, 1]) await bench.tell(eventOf("message", { chat: group, from: { id } }, 1, "member"));
    for (const message_thread_id of [1, 2]) {
      await bench.tell(eventOf("message", { chat: forum, message_thread_id, is_topic_message: true }, 1, "topic"));
    }
    assert.deepEqual(
      sent(bench).map(({ chat_id }) => chat_id),
      [-6, -7],
    );
  });

  test("other kinds of update get none", () => {
    const bench = setUp({ text: "sorry" });
    for (const kind of ["edited_message", "channel_post", "my_chat_member", "guest_message"]) {
      assert.equal(bench.tell(eventOf(kind)), undefined, kind);
    }
  });

  test("a chat gets the text once a minute, and other chats do not change that", async () => {
    const bench = setUp({ text: "sorry" });
    await bench.tell(eventOf());
    bench.clock.now = 59_999;
    assert.equal(bench.tell(eventOf()), undefined);
    await bench.tell(eventOf("message", { chat: { id: 6 } }));
    bench.clock.now = 60_000;
    await bench.tell(eventOf());
    assert.equal(bench.tell(eventOf("message", { chat: { id: 6 } })), undefined);
    assert.deepEqual(
      sent(bench).map(({ chat_id }) => chat_id),
      [5, 6, 5],
    );
  });

  test("a chat that has blocked the bot gets none", () => {
    const bench = setUp({ text: "sorry" });
    const error = new TelegramError("sendMessage", 403, "Forbidden: bot was blocked by the user");
    assert.equal(bench.tell(eventOf(), error), undefined);
    assert.notEqual(bench.tell(eventOf(), new TelegramError("sendMessage", 400, "Bad Request")), undefined);
  });

  test("a chat that has blocked the bot gets none, whichever library's error says so", () => {
    const bench = setUp({ text: "sorry" });
    const answer = (error_code: number) => ({ ok: false as const, error_code, description: "Forbidden" });
    const errors = (code: number) => [
      new GrammyError("no", answer(code), "sendMessage", {}),
      new TelegrafError(answer(code)),
      new GramioError(answer(code), "sendMessage", { chat_id: 5, text: "x" }),
      // node-telegram-bot-api 0.66 and 2.
      Object.assign(new Error("ETELEGRAM"), { code: "ETELEGRAM", response: { body: answer(code) } }),
      Object.assign(new Error("ETELEGRAM"), { code: "ETELEGRAM", errorCode: code }),
    ];
    for (const error of errors(403)) assert.equal(bench.tell(eventOf(), error), undefined, error.constructor.name);
    // As of another service.
    const elsewhere = Object.assign(new Error("no rights"), { code: 403, response: { status: 403 } });
    const evil = {
      get code() {
        throw new Error("never");
      },
    };
    for (const error of [...errors(400), elsewhere, evil, null]) {
      bench.clock.now += 60_000;
      assert.notEqual(bench.tell(eventOf(), error), undefined, String(error));
    }
  });

  test("a text that cannot be sent is no failure of a handler", async () => {
    const bench = setUp({ text: "sorry" });
    bench.answers(() => Promise.reject(new TelegramError("sendMessage", 403, "Forbidden")));
    await bench.tell(eventOf());
    assert.deepEqual(bench.log, []);
  });

  test("a handler replaces the text", async () => {
    const bench = setUp({ text: "sorry" });
    bench.letters.handler = () => {};
    await bench.tell(eventOf());
    assert.deepEqual(bench.calls, []);
  });
});
