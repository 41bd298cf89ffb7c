/** What a run brings: phases of messages, each after the one before was answered and the harness has looked at the server. */

export interface Phase {
  readonly updates: number;
  readonly chats: number;
  /** From each update's chat to the next one's; 1 without: round and round. */
  readonly stride?: number;
  /** So many updates come to be in a second; without, all of them wait from the beginning. */
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

  constructor(phases: readonly Phase[]) {
    let end = 0;
    this.ends = phases.map(({ updates }) => {
      end += updates;
      return end;
    });
    this.#chats = new Int32Array(end);
    this.#heavy = new Uint8Array(end);
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

  /** The JSON text of some of them, as getUpdates has it. */
  slice(start: number, end: number): string {
    return `[${this.#texts.slice(start, end).join()}]`;
  }

  #add({ chats, stride = 1, heavyEvery, asksForHeap }: Phase, i: number): void {
    const number = this.#texts.length;
    const chat = FIRST_CHAT + ((i * stride) % chats);
    // Another chat's turn in every round.
    const isHeavy = heavyEvery !== undefined && (i + Math.floor(i / chats)) % heavyEvery === 0;
    this.#chats[number] = chat;
    this.#heavy[number] = Number(isHeavy);
    this.#texts.push(updateText(number, chat, isHeavy ? " heavy" : asksForHeap ? " heap" : ""));
  }
}

/** What is answered begins with the text, and so with the number that it answers. */
function updateText(number: number, chat: number, request: string): string {
  const who = `"id":${chat},"first_name":"User","username":"user${chat}"`;
  return (
    `{"update_id":${FIRST_UPDATE + number},"message":{"message_id":${number + 1},"date":1790000000,"text":"${number}${request}",` +
    `"chat":{${who},"type":"private"},"from":{${who},"is_bot":false,"language_code":"en"}}}`
  );
}
