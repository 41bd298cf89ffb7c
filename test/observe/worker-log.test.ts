import assert from "node:assert/strict";
import { test } from "node:test";
import { createLogger, type LoggerOptions } from "../../src/observe/logger.ts";
import { fieldsOf, WorkerLog } from "../../src/observe/worker-log.ts";
import { secretHider } from "../../src/protocol/secrets.ts";

const TOKEN = "123456789:AAE-abcdefghijklmnopqrstuvwxyz_0123";
const PLACE = { scope: "chat:7", update_id: 70, kind: "message" };

/** A worker log, and the lines that it has written, without their times. */
function recorded(level: LoggerOptions["level"] = "debug") {
  const written: object[] = [];
  const hide = secretHider({ token: TOKEN });
  const write = (line: string) => {
    const { time, ...rest } = JSON.parse(line);
    assert.equal(typeof time, "string");
    written.push(rest);
  };
  return { workerLog: new WorkerLog({ log: createLogger({ level, format: "json", hide, write }), hide }), written };
}

test("a message is logged at its level, with its worker, place and error", () => {
  const { workerLog, written } = recorded();
  workerLog.said(1, { ...PLACE, error: "Error: no luck" }, "error", "the application threw");
  workerLog.said(0, {}, "debug", "the instance has ended");
  assert.deepEqual(written, [
    { level: "error", worker: 1, ...PLACE, error: "Error: no luck", msg: "the application threw" },
    { level: "debug", worker: 0, msg: "the instance has ended" },
  ]);
});

test("a message has no other fields of its item", () => {
  const { workerLog, written } = recorded();
  const item = { type: "log", level: "info", message: "hello", ...PLACE } as const;
  workerLog.said(1, item, item.level, item.message);
  assert.deepEqual(written, [{ level: "info", worker: 1, ...PLACE, msg: "hello" }]);
});

test("standard output is logged as info and standard error as warn at every level of the log", () => {
  const { workerLog, written } = recorded("fatal");
  workerLog.printed(2, { type: "output", stream: "stdout", text: "printed", ...PLACE });
  workerLog.printed(2, { type: "output", stream: "stderr", text: "complained" });
  workerLog.said(2, {}, "error", "below the level");
  assert.deepEqual(written, [
    { level: "info", worker: 2, ...PLACE, msg: "printed" },
    { level: "warn", worker: 2, msg: "complained" },
  ]);
});

test("a silent log keeps the tail and writes nothing", () => {
  const { workerLog, written } = recorded("silent");
  workerLog.printed(0, { type: "output", stream: "stdout", text: "printed" });
  assert.deepEqual(written, []);
  assert.equal(workerLog.tail(0), "printed");
});

test("the tail has messages, errors and output of one worker in order", () => {
  const { workerLog } = recorded();
  workerLog.said(0, PLACE, "info", "first");
  workerLog.printed(1, { type: "output", stream: "stdout", text: "of another worker" });
  workerLog.printed(0, { type: "output", stream: "stderr", text: "second" });
  workerLog.said(0, { error: "Error: no luck" }, "error", "third");
  assert.equal(workerLog.tail(0), "first\nsecond\nthird: Error: no luck");
  assert.equal(workerLog.tail(1), "of another worker");
  assert.equal(workerLog.tail(2), "");
});

test("a secret is neither in the log nor in the tail", () => {
  const { workerLog, written } = recorded();
  workerLog.printed(0, { type: "output", stream: "stdout", text: `the token is ${TOKEN}` });
  workerLog.said(0, { error: `POST /bot${TOKEN}/getMe` }, "error", "it threw");
  assert.equal(workerLog.tail(0), "the token is <token>\nit threw: POST /bot<token>/getMe");
  assert.doesNotMatch(JSON.stringify(written), /AAE-/);
});

test("the fields of a call are its worker, place, method and lane", () => {
  const call = { method: "sendMessage", lane: "7", body: "{}" };
  assert.deepEqual(fieldsOf(1, PLACE, call), { worker: 1, ...PLACE, method: "sendMessage", lane: "7" });
});
