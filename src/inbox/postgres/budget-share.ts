/**
 * This server's part of the calls that all servers together may make in a second (`--rate-limit`). Each renewal of the server's row
 * writes two numbers, and reads those of the others afterwards:
 *
 *   demand   the calls that it would make
 *   bid      its part, by the demands that it knows
 *
 * It may make as many calls as it bid, or as the bids of the others leave of the budget, if that is less. A lower bid counts before it is
 * written. So all together keep to the budget, although each knows the others as they were: of two servers that raise their bids at once,
 * the one that reads later sees both.
 *
 * A reserve is each server's in any case, so that an idle one answers at once. A server that joins, or has lost the database, exceeds
 * the budget by its reserve at most.
 */

import type { CallBudget } from "../../protocol/call-budget.ts";
import type { Node } from "./plan.ts";

/** The part of an equal share that a server has in any case. */
const RESERVE = 0.25;

/** The numbers that a server writes into its row: calls in a second. */
export type Bid = Pick<Node, "demand" | "rate">;

export const NO_BID: Bid = { demand: 0, rate: 0 };

export class BudgetShare {
  readonly #budget: CallBudget;
  /** The rows of the other servers in the last answer; undefined before the first one. */
  #others: readonly Node[] | undefined;
  #granted: number;

  constructor(budget: CallBudget) {
    this.#budget = budget;
    this.#granted = this.#reserve;
    budget.granted(this.#granted);
  }

  get granted(): number {
    return this.#granted;
  }

  /** The bid of the next renewal. */
  bid(): Bid {
    const { rate } = this.#budget;
    const demand = this.#budget.demand();
    if (this.#others === undefined) return { demand, rate: 0 };
    const part = partOf(
      demand,
      this.#others.map((node) => node.demand),
      rate,
    );
    if (part < this.#granted) this.#grant(part);
    return { demand, rate: part };
  }

  /** @param nodes the rows of all servers, read after the bid was committed */
  answered({ rate }: Bid, nodes: readonly Node[], id: string): void {
    this.#others = nodes.filter((node) => node.id !== id);
    const left = this.#others.reduce((left, node) => left - node.rate, this.#budget.rate);
    this.#grant(Math.max(this.#reserve, Math.min(rate, left)));
  }

  /** No renewal was answered for so long that the others may soon count this server's part as theirs. */
  doubt(): void {
    this.#grant(Math.min(this.#granted, this.#reserve));
  }

  get #reserve(): number {
    return reserveOf(this.#budget.rate, 1 + (this.#others?.length ?? 0));
  }

  #grant(rate: number): void {
    if (rate === this.#granted) return;
    this.#granted = rate;
    this.#budget.granted(rate);
  }
}

function reserveOf(rate: number, servers: number): number {
  return (RESERVE * rate) / servers;
}

/**
 * The part of one server: its reserve, and of the rest what it demands, as long as the others with a higher demand have no less. What all
 * demands leave over is divided equally. The parts of all servers that see the same demands make up the budget.
 */
export function partOf(demand: number, others: readonly number[], rate: number): number {
  const count = others.length + 1;
  const reserve = reserveOf(rate, count);
  const beyond = (demand: number) => Math.max(0, demand - reserve);
  let left = rate - count * reserve;
  for (const [served, wanted] of [demand, ...others]
    .map(beyond)
    .toSorted((one, other) => one - other)
    .entries()) {
    const fair = left / (count - served);
    // All that follow want as much or more.
    if (wanted > fair) return reserve + Math.min(beyond(demand), fair);
    left -= wanted;
  }
  return reserve + beyond(demand) + left / count;
}
