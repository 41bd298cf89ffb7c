/** What a run brings: phases of messages, each after the one before was answered and the harness has looked at the server. */

import { Random } from "../test/faults/random.ts";

export interface Phase {
  readonly updates: number;
  readonly chats: number;
  /** From each update's chat to the next one's; 1 without: round and round. */
  readonly stride?: number;
  /**
   * So many updates come to be in a second, as people write: each at any moment, of any chat, heavy or not, independently of all
   * others. Without, all of them wait from the beginning, and chats take turns.
   */
  readonly rate?: number;
  /** One in so many asks for heavy work. */
  readonly heavyEvery?: number;
  /** Each asks the application how much memory it has in use. */
  readonly asksForHeap?: boolean;
}

export interface Load {
  readonly phases: readonly Phase[];
  /** How long each call takes to be answered: ms. */
  readonly latency?: number;
}

/** The same with so much of each phase. */
export function scaled({ phases, ...rest }: Load, scale: number): Load {
  const part = (count: number) => Math.max(1, Math.round(count * scale));
  return { ...rest, phases: phases.map((phase) => ({ ...phase, updates: part(phase.updates) })) };
}

export const FIRST_UPDATE = 1000;
export const FIRST_CHAT = 100_000;

/** All messages of a load, built before they are needed. Each is known by its number, from 0. */
export class Backlog {
  /** Where each phase ends. */
  readonly ends: readonly number[];
  readonly #texts: string[] = [];
  readonly #chats: Int32Array;
  readonly #heavy: Uint8Array;
  readonly #times: Float64Array;
  /** The same for every run. */
  readonly #random = new Random(1);

  constructor(phases: readonly Phase[]) {
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

  /** When it comes to be, from the beginning of its phase: ms. */
  timeOf(number: number): number {
    return this.#times[number]!;
  }

  /** The JSON text of some of them, as getUpdates has it. */
  slice(start: number, end: number): string {
    return `[${this.#texts.slice(start, end).join()}]`;
  }

  #add(phase: Phase, i: number): void {
    const number = this.#texts.length;
    const { chat, isHeavy, time } = phase.rate === undefined ? inTurn(phase, i) : this.#byChance(phase, i);
    this.#chats[number] = FIRST_CHAT + chat;
    this.#heavy[number] = Number(isHeavy);
    this.#times[number] = time;
    this.#texts.push(updateText(number, FIRST_CHAT + chat, isHeavy ? " heavy" : phase.asksForHeap ? " heap" : ""));
  }

  /** A Poisson process: between two updates lies a time of exponential distribution. */
  #byChance({ chats, rate = 1, heavyEvery = Number.POSITIVE_INFINITY }: Phase, i: number): Traits {
    const before = i === 0 ? 0 : this.#times[this.#texts.length - 1]!;
    const time = before - (Math.log(1 - this.#random.next()) / rate) * 1000;
    return { chat: this.#random.integer(0, chats - 1), isHeavy: this.#random.chance(1 / heavyEvery), time };
  }
}

interface Traits {
  readonly chat: number;
  readonly isHeavy: boolean;
  readonly time: number;
}

function inTurn({ chats, stride = 1, heavyEvery }: Phase, i: number): Traits {
  // Another chat's turn in every round.
  const isHeavy = heavyEvery !== undefined && (i + Math.floor(i / chats)) % heavyEvery === 0;
  return { chat: (i * stride) % chats, isHeavy, time: 0 };
}

/** What is answered begins with the text, and so with the number that it answers. */
function updateText(number: number, chat: number, request: string): string {
  const who = `"id":${chat},"first_name":"User","username":"user${chat}"`;
  return (
    `{"update_id":${FIRST_UPDATE + number},"message":{"message_id":${number + 1},"date":1790000000,"text":"${number}${request}",` +
    `"chat":{${who},"type":"private"},"from":{${who},"is_bot":false,"language_code":"en"}}}`
  );
}
