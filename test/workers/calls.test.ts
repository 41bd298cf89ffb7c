import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { NetworkError, TelegramError } from "../../src/protocol/errors.ts";
import type { ToMain } from "../../src/protocol/port.ts";
import { Pulse } from "../../src/protocol/pulse.ts";
import { type CallEvent, Calls } from "../../workers/calls.ts";

const eventOf = (seq: number, isUnsettled = true): CallEvent => {
  return { seq, delivery: { isUnsettled, limit: 0, pause: () => {}, resume: () => {} } };
};

function setUp() {
  const posted: ToMain[] = [];
  const held = eventOf(7) as CallEvent | undefined;
  const caller = { streams: {} as never, held, hasKept: false, unsettled: [] as CallEvent[], answered() {} };
  const pulse = new Pulse();
  const calls = new Calls({ push: (item: ToMain) => posted.push(item) } as never, pulse);
  const make = (method = "sendMessage", seq = 7) =>
    calls.make({ method, lane: "1", body: "{}" }, "chat:1", caller, eventOf(seq, false));
  /** The id of a call: of the first, the second, … */
  const id = (nth = 1) => (posted[nth - 1] as ToMain & { type: "call" }).id;
  return { calls, posted, make, caller, pulse, id };
}

test("a call goes to the main thread with an id of its own", () => {
  const { posted, make, id } = setUp();
  void make();
  void make("getMe");
  assert.notEqual(id(1), id(2));
  assert.deepEqual(posted, [
    { type: "call", id: id(), call: { method: "sendMessage", lane: "1", body: "{}" }, from: 7 },
    { type: "call", id: id(2), call: { method: "getMe", lane: "1", body: "{}" }, from: 7 },
  ]);
});

test("a call of an instance that keeps events names all of them", () => {
  const { calls, caller, posted } = setUp();
  const event = eventOf(7);
  Object.assign(caller, { hasKept: true, unsettled: [eventOf(5), event, eventOf(6)] });
  const call = { method: "sendMessage", lane: "1", body: "{}" };
  void calls.make(call, "chat:1", caller, event);
  void calls.make(call, "chat:1", caller, undefined);
  const named = posted.map((item) => item.type === "call" && { from: item.from, others: item.others });
  assert.deepEqual(named, [
    { from: 7, others: [5, 6] },
    { from: "chat:1", others: [5, 7, 6] },
  ]);
});

test("answers find their calls in any order", async () => {
  const { calls, make, id } = setUp();
  const [first, second] = [make(), make()];
  calls.succeeded(id(2), '{"ok":true,"result":{"message_id":2}}');
  calls.succeeded(id(), '{"ok":true,"result":true}');
  assert.deepEqual(await Promise.all([first, second]), [true, { message_id: 2 }]);
});

test("the clock of a call's event stands from the moment in which Telegram makes the call wait until its answer", async () => {
  const { calls, caller, id } = setUp();
  const steps: string[] = [];
  const event = eventOf(7);
  event.delivery.pause = () => void steps.push("stands");
  event.delivery.resume = () => void steps.push("runs");
  const sent = calls.make({ method: "sendMessage", lane: "1", body: "{}" }, "chat:1", caller, event);
  calls.delayed(id());
  calls.delayed(id());
  assert.deepEqual(steps, ["stands"]);
  calls.succeeded(id(), '{"ok":true,"result":true}');
  assert.deepEqual(steps, ["stands", "runs"]);
  calls.delayed(id());
  assert.equal(await sent, true);
  assert.deepEqual(steps, ["stands", "runs"]);
});

suite("a call that fails", () => {
  test("a refused call rejects with Telegram's description", async () => {
    const { calls, make, id } = setUp();
    const sent = make();
    const parameters = { retry_after: 3 };
    calls.failed(id(), {
      name: "TelegramError",
      method: "sendMessage",
      error_code: 429,
      description: "Slow",
      parameters,
    });
    await assert.rejects(sent, (error: Error) => {
      assert.ok(error instanceof TelegramError);
      assert.equal(error.message, "sendMessage: 429 Slow");
      assert.deepEqual(error.parameters, parameters);
      return true;
    });
  });

  test("a call without an answer rejects with its delivery", async () => {
    const { calls, make, id } = setUp();
    const sent = make();
    calls.failed(id(), { name: "NetworkError", method: "sendMessage", delivery: "none", reason: "ECONNREFUSED" });
    await assert.rejects(sent, (error: Error) => error instanceof NetworkError && error.delivery === "none");
  });

  test("a call of an unknown method rejects with a hint; a 404 of a known method has none", async () => {
    const failure = { name: "TelegramError", error_code: 404, description: "Not Found", parameters: {} } as const;
    const { calls, make, id } = setUp();
    const [misspelt, correct] = [make("sendMesage"), make("sendMessage")];
    calls.failed(id(), { ...failure, method: "sendMesage" });
    calls.failed(id(2), { ...failure, method: "sendMessage" });
    await assert.rejects(misspelt, /404 Not Found \(.*did you mean telegram\.send_message\?\)$/);
    await assert.rejects(correct, /404 Not Found$/);
  });

  test("a call with an unreadable answer rejects: Telegram may have carried it out", async () => {
    for (const body of ["<html>", "", "null", '{"ok":tr']) {
      const { calls, make, id } = setUp();
      const sent = make();
      calls.succeeded(id(), body);
      await assert.rejects(sent, (error: Error) => {
        assert.ok(error instanceof NetworkError);
        assert.equal(error.delivery, "unknown");
        assert.ok(error.cause instanceof Error);
        return true;
      });
    }
  });
});

test("an answer to no call, and a second answer to a call, have no effect", async () => {
  const { calls, make, id } = setUp();
  const sent = make();
  calls.succeeded(id(), '{"ok":true,"result":1}');
  calls.succeeded(id(), '{"ok":true,"result":2}');
  calls.succeeded(7, "<html>");
  calls.failed(7, { name: "NetworkError", method: "x", delivery: "none", reason: "x" });
  assert.equal(await sent, 1);
});

test("the second answer to a call is not the answer to a later one", async () => {
  const { calls, make, id } = setUp();
  for (let i = 0; i < 3; i++) void make();
  calls.succeeded(id(2), '{"ok":true,"result":2}');
  const later = make();
  calls.succeeded(id(2), '{"ok":true,"result":"again"}');
  calls.succeeded(id(4), '{"ok":true,"result":4}');
  assert.equal(await later, 4);
});

test("the caller's event is at hand when its code goes on, however the call ended, and not before", async () => {
  const { calls, make, caller, pulse, id } = setUp();
  for (const [i, end] of [
    () => calls.succeeded(id(), '{"ok":true,"result":1}'),
    () => calls.succeeded(id(2), "<html>"),
    () => calls.downloaded(id(3), { path: "/x" }),
    () => calls.failed(id(4), { name: "NetworkError", method: "x", delivery: "none", reason: "x" }),
  ].entries()) {
    caller.held = eventOf(i + 1);
    const over = make().then(
      () => pulse.seq,
      () => pulse.seq,
    );
    assert.equal(pulse.seq, i);
    end();
    assert.equal(pulse.seq, i);
    assert.equal(await over, i + 1);
  }
});

test("a second answer leaves the event at hand as it is", async () => {
  const { calls, make, pulse, id } = setUp();
  const answered = make();
  calls.succeeded(id(), '{"ok":true,"result":1}');
  await answered;
  pulse.willWorkAt(8);
  calls.succeeded(id(), '{"ok":true,"result":1}');
  await Promise.resolve();
  assert.equal(pulse.seq, 8);
});

test("the event at hand is the one that the caller holds when the answer comes; none, if it holds none", async () => {
  const { calls, make, caller, pulse, id } = setUp();
  const answered = [make(), make()];
  caller.held = eventOf(8);
  calls.succeeded(id(1), '{"ok":true,"result":1}');
  await answered[0];
  assert.equal(pulse.seq, 8);
  caller.held = undefined;
  calls.succeeded(id(2), '{"ok":true,"result":1}');
  await answered[1];
  assert.equal(pulse.seq, 8);
});

test("the event at hand is the call's own while it is unsettled, also when its instance has gone on", async () => {
  const { calls, caller, pulse, id } = setUp();
  const answered = calls.make({ method: "sendMessage", lane: "1", body: "{}" }, "chat:1", caller, eventOf(5));
  caller.held = eventOf(6);
  calls.succeeded(id(1), '{"ok":true,"result":1}');
  await answered;
  assert.equal(pulse.seq, 5);
});
