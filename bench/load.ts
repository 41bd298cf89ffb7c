/** The load of a run: phases of messages. A phase begins when the previous one is answered and measured. */

import { Random } from "../test/faults/random.ts";

export interface Phase {
  readonly updates: number;
  readonly chats: number;
  /** The distance from an update's chat to the next one's; default 1. */
  readonly stride?: number;
  /**
   * Updates created per second, at random times, from random chats, heavy at random. Without a rate, all updates wait
   * from the beginning, and chats take turns.
   */
  readonly rate?: number;
  /** One of this many updates asks for heavy work. */
  readonly heavyEvery?: number;
  /** Heavy updates come from this many chats of their own, so that no light update waits for one in its own chat. */
  readonly heavyChats?: number;
  /** Heavy updates come at even distances, and not at random. */
  readonly isEven?: boolean;
  /** Each update asks for the heap in use on the application's thread. */
  readonly asksForHeap?: boolean;
  /** Its result has every single time, for results that are pooled over several runs. */
  readonly keepsSamples?: boolean;
}

export interface Load {
  readonly phases: readonly Phase[];
  /** The time that each call takes: ms. */
  readonly latency?: number;
  /** The number of updates of a phase that get no answer. */
  readonly unanswered?: number;
  /** Another seed makes another load of the same kind; default 1. */
  readonly seed?: number;
  /** The server gets the stub's address as `localhost`, so that it has to look a name up. */
  readonly byName?: boolean;
}

/** The load with the updates of each phase multiplied by `scale`. */
export function scaled({ phases, ...rest }: Load, scale: number): Load {
  const part = (count: number) => Math.max(1, Math.round(count * scale));
  return { ...rest, phases: phases.map((phase) => ({ ...phase, updates: part(phase.updates) })) };
}

export const FIRST_UPDATE = 1000;
export const FIRST_CHAT = 100_000;

/** All messages of a load, built in advance and numbered from 0. */
export class Backlog {
  /** The number after the last update of each phase. */
  readonly ends: readonly number[];
  readonly #texts: string[] = [];
  readonly #chats: Int32Array;
  readonly #heavy: Uint8Array;
  readonly #times: Float64Array;
  readonly #random: Random;

  /** @param seed the same seed makes the same load in every run */
  constructor(phases: readonly Phase[], seed = 1) {
    this.#random = new Random(seed);
    let end = 0;
    this.ends = phases.map(({ updates }) => {
      end += updates;
      return end;
    });
    this.#chats = new Int32Array(end);
    this.#heavy = new Uint8Array(end);
    this.#times = new Float64Array(end);
    for (const phase of phases) for (let i = 0; i < phase.updates; i++) this.#add(phase, i);
  }

  get size(): number {
    return this.#texts.length;
  }

  chatOf(number: number): number {
    return this.#chats[number]!;
  }

  isHeavy(number: number): boolean {
    return this.#heavy[number] === 1;
  }

  /** The time of creation, from the beginning of the phase: ms. */
  timeOf(number: number): number {
    return this.#times[number]!;
  }

  /** The JSON of some updates, as in the result of getUpdates. */
  slice(start: number, end: number): string {
    return `[${this.#texts.slice(start, end).join()}]`;
  }

  #add(phase: Phase, i: number): void {
    const number = this.#texts.length;
    const { chat, isHeavy, time } = phase.rate === undefined ? inTurn(phase, i) : this.#atRandom(phase, i);
    this.#chats[number] = FIRST_CHAT + chat;
    this.#heavy[number] = Number(isHeavy);
    this.#times[number] = time;
    this.#texts.push(updateText(number, FIRST_CHAT + chat, isHeavy ? " heavy" : phase.asksForHeap ? " heap" : ""));
  }

  /** A Poisson process: the time between two updates has an exponential distribution. */
  #atRandom(phase: Phase, i: number): Traits {
    const { chats, rate = 1, heavyEvery = Number.POSITIVE_INFINITY, heavyChats = 0, isEven = false } = phase;
    const before = i === 0 ? 0 : this.#times[this.#texts.length - 1]!;
    const time = before - (Math.log(1 - this.#random.next()) / rate) * 1000;
    const chat = this.#random.integer(0, chats - 1);
    const isHeavy = isEven ? (i + 1) % heavyEvery === 0 : this.#random.chance(1 / heavyEvery);
    if (!isHeavy || heavyChats === 0) return { chat, isHeavy, time };
    return { chat: chats + this.#random.integer(0, heavyChats - 1), isHeavy, time };
  }
}

interface Traits {
  readonly chat: number;
  readonly isHeavy: boolean;
  readonly time: number;
}

function inTurn({ chats, stride = 1, heavyEvery }: Phase, i: number): Traits {
  // Heavy work moves on by one chat in every round.
  const isHeavy = heavyEvery !== undefined && (i + Math.floor(i / chats)) % heavyEvery === 0;
  return { chat: (i * stride) % chats, isHeavy, time: 0 };
}

/** The text begins with the update's number, and so does its answer. */
function updateText(number: number, chat: number, request: string): string {
  const who = `"id":${chat},"first_name":"User","username":"user${chat}"`;
  return (
    `{"update_id":${FIRST_UPDATE + number},"message":{"message_id":${number + 1},"date":1790000000,"text":"${number}${request}",` +
    `"chat":{${who},"type":"private"},"from":{${who},"is_bot":false,"language_code":"en"}}}`
  );
}
