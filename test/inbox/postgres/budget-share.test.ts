/** The calls that servers may make together, divided among them. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Bid, BudgetShare, NO_BID, partOf } from "../../../src/inbox/postgres/budget-share.ts";
import type { Node } from "../../../src/inbox/postgres/plan.ts";
import { eventually } from "../../eventually.ts";
import { Random } from "../../faults/random.ts";
import { sharedServer } from "../../postgres/shared-server.ts";
import { seeds } from "../../seeds.ts";
import { Entries } from "../entries.ts";
import { Place } from "./database.ts";

const RATE = 30;

describe("a server's part of the calls", () => {
  /** The parts of servers with these demands. */
  const parts = (...demands: number[]) =>
    demands.map((demand, i) => Math.round(100 * partOf(demand, demands.toSpliced(i, 1), RATE)) / 100);

  test("a server that is alone has all", () => {
    assert.deepEqual([parts(0), parts(5), parts(1000)], [[RATE], [RATE], [RATE]]);
  });

  test("servers that demand the same have the same", () => {
    assert.deepEqual(
      [parts(0, 0, 0), parts(5, 5, 5), parts(99, 99, 99)],
      [
        [10, 10, 10],
        [10, 10, 10],
        [10, 10, 10],
      ],
    );
  });

  test("a busy server has what idle ones leave, and these keep a reserve", () => {
    assert.deepEqual(parts(0, 0, 1000), [2.5, 2.5, 25]);
  });

  test("a server with a low demand has it, and the others divide the rest equally", () => {
    assert.deepEqual(parts(6, 1000, 50), [6, 12, 12]);
  });

  test("what all demands leave over is divided equally", () => {
    assert.deepEqual(parts(4, 10, 2.5), [8.5, 14.5, 7]);
  });

  for (const seed of seeds()) {
    test(`the parts make up the whole, for any demands (seed ${seed})`, () => {
      const random = new Random(seed);
      for (let i = 0; i < 200; i++) {
        const demands = Array.from(
          { length: random.integer(1, 9) },
          () => random.next() * random.pick([0, 1, 20, 1e6]),
        );
        const found = demands.map((demand, i) => partOf(demand, demands.toSpliced(i, 1), RATE));
        assert.ok(Math.abs(found.reduce((sum, part) => sum + part, 0) - RATE) < 1e-6, `${demands} -> ${found}`);
        assert.ok(found.every((part) => part >= (0.25 * RATE) / demands.length - 1e-9));
      }
    });
  }
});

/** A server, whose renewals take their time: sent, committed, read, answered. */
class Server {
  demand = 0;
  granted = 0;
  readonly share: BudgetShare;
  readonly #id: string;
  readonly #rows: Map<string, Node>;
  readonly #steps: (() => void)[];
  #next = 0;
  #bid: Bid = NO_BID;
  #read: readonly Node[] = [];

  constructor(id: string, rows: Map<string, Node>) {
    this.#id = id;
    this.#rows = rows;
    this.share = new BudgetShare({
      rate: RATE,
      demand: () => this.demand,
      granted: (rate) => {
        this.granted = rate;
      },
    });
    this.#write();
    this.#steps = [
      () => {
        this.#bid = this.share.bid();
      },
      () => this.#write(),
      () => {
        this.#read = [...rows.values()];
      },
      () => this.share.answered(this.#bid, this.#read, id),
    ];
  }

  step(): void {
    this.#steps[this.#next]!();
    this.#next = (this.#next + 1) % this.#steps.length;
  }

  renew(): void {
    do this.step();
    while (this.#next !== 0);
  }

  #write(): void {
    const { demand, rate } = this.#bid;
    this.#rows.set(this.#id, { id: this.#id, name: "", isAlive: true, isLeaving: false, unsettled: 0, demand, rate });
  }
}

const sumOf = (servers: readonly Server[]) => servers.reduce((sum, { granted }) => sum + granted, 0);

function joined(count: number): Server[] {
  const rows = new Map<string, Node>();
  const servers = Array.from({ length: count }, (_, i) => new Server(`${i}`, rows));
  for (let i = 0; i < 3; i++) for (const server of servers) server.renew();
  return servers;
}

describe("servers that divide the calls", () => {
  for (const seed of seeds()) {
    test(`they keep to the budget at any moment, whichever renewals overlap (seed ${seed})`, () => {
      const random = new Random(seed);
      const servers = joined(random.integer(2, 6));
      for (let i = 0; i < 20_000; i++) {
        if (random.chance(0.05)) random.pick(servers).demand = random.pick([0, 1, 10, 1000]);
        random.pick(servers).step();
        assert.ok(sumOf(servers) < RATE + 1e-6, `${servers.map(({ granted }) => granted)}`);
      }
    });
  }

  test("three renewals after a change of demand they have the parts of the new one", () => {
    const servers = joined(3);
    servers[1]!.demand = 1000;
    for (let i = 0; i < 3; i++) for (const server of servers) server.renew();
    assert.deepEqual(
      servers.map(({ granted }) => granted),
      [2.5, 25, 2.5],
    );
  });

  test("a server that joins has its reserve until the others have made room", () => {
    const rows = new Map<string, Node>();
    const first = new Server("first", rows);
    for (let i = 0; i < 2; i++) first.renew();
    assert.equal(first.granted, RATE);
    const second = new Server("second", rows);
    for (let i = 0; i < 3; i++) second.renew();
    assert.deepEqual([first.granted, second.granted], [RATE, (0.25 * RATE) / 2]);
    // It hears of the second, and then bids less.
    for (let i = 0; i < 2; i++) first.renew();
    second.renew();
    assert.deepEqual([first.granted, second.granted], [RATE / 2, RATE / 2]);
  });

  test("a server that cannot renew its row keeps its reserve alone, and has its part again afterwards", () => {
    const servers = joined(3);
    servers[0]!.share.doubt();
    assert.equal(servers[0]!.granted, 2.5);
    servers[0]!.renew();
    assert.equal(servers[0]!.granted, 10);
  });

  test("three servers with a database divide by demand, and have the part of one that leaves", async (t) => {
    const place = new Place(t, await sharedServer());
    const demands = [0, 500, 0];
    const granted = [0, 0, 0];
    const inboxes = await Promise.all(
      demands.map(async (_, i) => {
        const inbox = await place.open();
        inbox.divide({
          rate: RATE,
          demand: () => demands[i]!,
          granted: (rate) => {
            granted[i] = rate;
          },
        });
        await inbox.start(new Entries());
        return inbox;
      }),
    );
    const are = (...rates: number[]) =>
      eventually(
        () => String(granted) === String(rates),
        () => granted,
      );
    await are(2.5, 25, 2.5);
    demands[2] = 500;
    await are(2.5, 13.75, 13.75);
    assert.equal(inboxes[2]!.share.rate, 13.75);
    granted[0] = 0;
    await inboxes[0]!.close();
    await are(0, 15, 15);
  });
});
