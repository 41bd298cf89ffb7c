/** A server with an inbox that several machines share: shards are taken away and given back while it runs. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type IncomingCall, Simulator } from "../../simulator/index.ts";
import { resolveConfig } from "../../src/config/config.ts";
import { SHARDS, shardOf } from "../../src/protocol/shard.ts";
import { loggerFor, type RunningServer, serve } from "../../src/server.ts";
import { confirmed, message } from "../end-to-end/bot.ts";
import { eventually } from "../eventually.ts";
import { Random } from "../faults/random.ts";
import { keepsTheContract } from "../inbox/contract.ts";
import { seeds } from "../seeds.ts";
import { SharedInbox } from "./shared-inbox.ts";

const APP = join(import.meta.dirname, "apps/movable.ts");

keepsTheContract(() => new SharedInbox(new Random(1)));

/** A bot on this machine and the others, in this process. */
class Bench implements AsyncDisposable {
  readonly random: Random;
  readonly inbox: SharedInbox;
  readonly chats = Array.from({ length: 10 }, (_, i) => i + 1);
  readonly shards = this.chats.map((chat) => shardOf(chat, SHARDS));
  /** The texts that each chat was sent, by this machine and by the others, in order. */
  readonly heard = new Map(this.chats.map((chat) => [chat, [] as string[]]));
  readonly log: string[] = [];
  /** Number of messages that other machines answered. */
  answeredElsewhere = 0;
  simulator!: Simulator;
  server!: RunningServer;
  readonly #sent = new Map<number, number>();
  #rateLimit: number | false = false;

  private constructor(seed: number) {
    this.random = new Random(seed);
    this.inbox = new SharedInbox(this.random.fork());
  }

  /** @param rateLimit over all machines */
  static async start(seed: number, rateLimit: number | false = false): Promise<Bench> {
    const bench = new Bench(seed);
    bench.#rateLimit = rateLimit;
    bench.simulator = await Simulator.start({
      intercept: async (call, respond) => {
        bench.#note(call);
        return await respond();
      },
    });
    await bench.serve();
    return bench;
  }

  async serve(): Promise<void> {
    const { token, url: apiUrl } = this.simulator;
    const config = await resolveConfig({
      options: {
        token,
        apiUrl,
        application: APP,
        workers: 2,
        inbox: false,
        rateLimit: this.#rateLimit,
        logFormat: "json",
      },
      env: {},
      cwd: import.meta.dirname,
    });
    const log = loggerFor(config, (line) => this.log.push(JSON.parse(line).msg));
    this.server = await serve(config, undefined, log, { openInbox: () => this.inbox });
  }

  #note({ method, parameters }: IncomingCall): void {
    if (method === "sendMessage") this.heard.get(Number(parameters.chat_id))!.push(String(parameters.text));
  }

  /** One more message to each of the chats: its text is its number in the chat, from 1. */
  async round(chats = this.chats): Promise<void> {
    const updates = chats.map((chat) => {
      const number = (this.#sent.get(chat) ?? 0) + 1;
      this.#sent.set(chat, number);
      return message(chat, String(number));
    });
    await this.simulator.pushMany(updates);
  }

  /** A shard goes to another machine, which answers some of its messages, and comes back. */
  async move(shard = this.random.pick(this.shards)): Promise<void> {
    await this.inbox.move(shard, (chat, update) => {
      this.answeredElsewhere += 1;
      this.heard.get(chat)!.push((update.message as { text: string }).text);
    });
  }

  /** Resolves when every event is settled: each message was answered once, in the order of its chat. */
  async answered(): Promise<void> {
    await confirmed(this.simulator);
    await eventually(
      () => this.inbox.unsettled === 0,
      () => ({ unsettled: this.inbox.unsettled, heard: this.heard, log: this.log.slice(-10) }),
    );
    await this.server.idle();
    for (const [chat, heard] of this.heard) {
      const texts = Array.from({ length: this.#sent.get(chat)! }, (_, i) => `${i + 1}`);
      assert.deepEqual(heard, texts, `chat ${chat}`);
    }
    assert.deepEqual(this.inbox.violations, []);
    assert.deepEqual(this.inbox.deadLetters, []);
  }

  /** The reasons for which instances were disconnected. */
  get disconnections(): string[] {
    return this.log.flatMap((line) => /was disconnected: (\w+)/.exec(line)?.slice(1) ?? []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop();
    await this.simulator.close();
  }
}

test("the instances of a shard that is taken away are disconnected as moved, and those of other shards go on", async () => {
  await using bench = await Bench.start(1);
  const { inbox, heard, log } = bench;
  await bench.round();
  await bench.answered();
  const shard = shardOf(7, SHARDS);
  assert.equal(bench.shards.filter((one) => one === shard).length, 1);
  await inbox.takeAway(shard);
  assert.deepEqual(
    log.filter((line) => line.includes("disconnected")),
    ["chat 7 was disconnected: moved"],
  );
  await bench.round();
  await confirmed(bench.simulator);
  await eventually(
    () => inbox.unsettled === 1,
    () => heard,
  );
  assert.deepEqual([heard.get(7), heard.get(8)], [["1"], ["1", "2"]]);
  assert.equal(bench.disconnections.length, 1);
  inbox.giveBack(shard);
  await bench.answered();
});

test("--rate-limit is what all machines may make: this one keeps to its part, which changes, and says what it would make", async () => {
  await using bench = await Bench.start(7, 1000);
  const { budget } = bench.inbox;
  assert.equal(budget?.rate, 1000);
  budget.granted(0.01);
  await bench.round();
  await confirmed(bench.simulator);
  const sent = () => bench.simulator.calls.filter(({ method }) => method === "sendMessage").length;
  // One call may go out at once.
  await eventually(() => sent() > 0 && budget.demand() >= bench.chats.length - 1, budget.demand);
  assert.equal(sent(), 1);
  budget.granted(500);
  await bench.answered();
});

describe("shards come and go while the server runs", () => {
  const ROUNDS = 20;

  for (const seed of seeds()) {
    test(`nothing is lost or repeated, and every chat is answered in order (seed ${seed})`, async () => {
      await using bench = await Bench.start(seed);
      const { random, inbox } = bench;
      const moves: Promise<void>[] = [];
      // More than a worker may hold of one chat.
      await bench.round(new Array(40).fill(bench.chats[0]));
      for (let round = 1; round <= ROUNDS; round++) {
        await bench.round();
        for (let count = random.integer(0, 3); count > 0; count--) moves.push(bench.move());
        await delay(random.integer(0, 20));
      }
      await Promise.all(moves);
      await bench.answered();
      assert.deepEqual([...new Set(bench.disconnections)], ["moved"]);
      assert.ok(bench.answeredElsewhere > 0);
      assert.ok(inbox.refused > 0);
    });
  }

  test("nothing is lost or repeated while the workers are replaced, too", async () => {
    await using bench = await Bench.start(5);
    const { random } = bench;
    const moves: Promise<void>[] = [];
    let reload: Promise<void> | undefined;
    for (let round = 1; round <= ROUNDS; round++) {
      await bench.round();
      if (round === 5) reload = bench.server.reload();
      for (let count = random.integer(0, 3); count > 0; count--) moves.push(bench.move());
      await delay(random.integer(0, 20));
    }
    await reload;
    await bench.round();
    await Promise.all([...moves, bench.move()]);
    await bench.answered();
    assert.deepEqual(new Set(bench.disconnections), new Set(["moved", "reload"]));
  });

  test("a server that stops in the middle lets go of its shards, and the next one finds every event", async () => {
    await using bench = await Bench.start(6);
    const { random } = bench;
    for (let life = 1; life <= 3; life++) {
      const moves: Promise<void>[] = [];
      for (let round = 1; round <= 5; round++) {
        await bench.round();
        moves.push(bench.move());
        await delay(random.integer(0, 20));
      }
      moves.push(...bench.shards.map((shard) => bench.move(shard)));
      await bench.server.stop();
      await Promise.all(moves);
      await bench.serve();
    }
    await bench.answered();
  });
});
