/** The order of a turn in a whole server, with a real worker thread. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { MessagePort } from "node:worker_threads";
import { resolveConfig } from "../../src/config/config.ts";
import type { Turn } from "../../src/inbox/inbox.ts";
import { MemoryInbox } from "../../src/inbox/memory.ts";
import { InboxError } from "../../src/protocol/errors.ts";
import type { Answer, Call, ToWorker } from "../../src/protocol/port.ts";
import { type RunningServer, serve } from "../../src/server.ts";
import { BotApi } from "../../src/telegram/bot-api.ts";
import { message } from "../end-to-end/bot.ts";
import { eventually } from "../eventually.ts";
import { PushSource } from "../seams/push-source.ts";

const OK = '{"ok":true,"result":{}}';

/** A server without a network: what its inbox, its worker's port and the Bot API are given is written down in order. */
class Bench implements AsyncDisposable {
  readonly said: string[];
  /** The answers to the calls, by text. */
  readonly answers: ReadonlyMap<string, PromiseWithResolvers<Answer>>;
  readonly server: RunningServer;
  readonly source: PushSource;

  private constructor({ said, answers, server, source }: Pick<Bench, "said" | "answers" | "server" | "source">) {
    this.said = said;
    this.answers = answers;
    this.server = server;
    this.source = source;
  }

  static async start(t: TestContext, onRecord: (turn: Turn) => void = () => {}): Promise<Bench> {
    const said: string[] = [];
    const answers = new Map<string, PromiseWithResolvers<Answer>>();
    t.mock.method(BotApi.prototype, "getMe", async () => ({ id: 99, username: "bot" }));
    t.mock.method(BotApi.prototype, "make", (call: Call) => {
      const { text } = JSON.parse((JSON.parse(call.body) as { text: string }).text) as { text: string };
      said.push(`call ${text}`);
      const answer = Promise.withResolvers<Answer>();
      answers.set(text, answer);
      return answer.promise;
    });
    const { postMessage } = MessagePort.prototype;
    t.mock.method(MessagePort.prototype, "postMessage", function (this: MessagePort, ...post: unknown[]) {
      const [items] = post;
      if (Array.isArray(items)) said.push(`post ${(items as ToWorker[]).map(describe).join(", ")}`);
      return Reflect.apply(postMessage, this, post);
    });
    // Durable, so that the server leaves the rest to it when it stops.
    const inbox = Object.assign(new MemoryInbox(), { isDurable: true });
    const record = inbox.record.bind(inbox);
    inbox.record = (turn) => {
      const journal = turn.journal.map(({ type }) => ` ${type}`);
      said.push(`record begun ${turn.begun.map(({ seq }) => seq)} settled ${turn.settled}${journal}`);
      onRecord(turn);
      return record(turn);
    };
    const application = join(import.meta.dirname, "../end-to-end/apps/echo.ts");
    const config = await resolveConfig({
      // Longer than a test may take.
      options: { token: "99:x", application, workers: 1, inbox: false, logLevel: "silent", shutdownTimeout: 600_000 },
      env: {},
      cwd: import.meta.dirname,
    });
    let source!: PushSource;
    const createSource = (options: ConstructorParameters<typeof PushSource>[0]) => {
      source = new PushSource(options);
      return source;
    };
    const server = await serve(config, undefined, undefined, { openInbox: () => inbox, createSource });
    await source.running;
    return new Bench({ said, answers, server, source });
  }

  /** Resolves when the call with that text has gone out, with what answers it. */
  async called(text: string): Promise<PromiseWithResolvers<Answer>> {
    return await eventually(
      () => this.answers.get(text),
      () => this.said,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { resolve } of this.answers.values()) resolve(OK);
    await this.server.stop();
  }
}

test("what a worker has settled is on record before a call that it made after that goes out", async (t) => {
  await using bench = await Bench.start(t);
  const { said, source } = bench;
  await source.push({ update_id: 1, ...message(5, "one") }, { update_id: 2, ...message(5, "two") });
  const one = await bench.called("one");
  said.length = 0;
  one.resolve(OK);
  await bench.called("two");
  assert.deepEqual(said, [
    "record begun  settled  answered",
    "post result",
    "record begun  settled 1 called",
    "call two",
  ]);
});

test("an event is on record before it is posted, also in a turn in which an answer is queued for its worker", async (t) => {
  await using bench = await Bench.start(t);
  const { said, source } = bench;
  await source.push({ update_id: 1, ...message(5, "one") });
  const one = await bench.called("one");
  said.length = 0;
  one.resolve(OK);
  // The answer is queued by then, and the turn has not ended.
  for (let i = 0; i < 10; i++) await undefined;
  void source.push({ update_id: 2, ...message(6, "two") });
  await bench.called("two");
  assert.deepEqual(said.slice(0, 2), ["record begun 2 settled  answered", "post result, events 2"]);
});

test("a server whose inbox fails in a turn in which an answer is queued for a worker ends at once", async (t) => {
  const failure = new InboxError("the disk is full");
  const bench = await Bench.start(t, ({ begun }) => {
    if (begun.some(({ seq }) => seq === 2)) throw failure;
  });
  const { said, source, server } = bench;
  await source.push({ update_id: 1, ...message(5, "one") });
  const one = await bench.called("one");
  said.length = 0;
  one.resolve(OK);
  for (let i = 0; i < 10; i++) await undefined;
  void source.push({ update_id: 2, ...message(6, "two") });
  await assert.rejects(server.closed, failure);
  assert.deepEqual(said, ["record begun 2 settled  answered", "post result", "post drain"]);
});

function describe(item: ToWorker): string {
  return item.type === "events" ? `events ${item.events.map(({ seq }) => seq)}` : item.type;
}
