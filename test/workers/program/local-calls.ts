/** The Bot API inside a program's thread, over a server that a test plays: it sees the calls, and answers them. */

import { after } from "node:test";
import type { Call } from "../../../src/protocol/port.ts";
import type { Entity } from "../../../src/protocol/route.ts";
import { LocalBotApi } from "../../../workers/program/local-bot-api.ts";
import { Streams } from "../../../workers/streams.ts";

// Timers of the code under test let the process end: in a thread its port keeps it.
const port = setInterval(() => {}, 1000);
after(() => clearInterval(port));

export const TOKEN = `77:${"A".repeat(35)}`;
export const OTHER_TOKEN = `88:${"B".repeat(35)}`;

export class LocalCalls {
  readonly seen: Call[] = [];
  readonly api: LocalBotApi;
  launches = 0;
  /** Starts of other bots are refused. */
  refuses = false;
  /** Answers a call: with its result, or an error of its own. */
  answer: (call: Call) => unknown = ({ body }) => JSON.parse(body);

  constructor() {
    const owner = { streams: new Streams() };
    const options = {
      bot: { id: 77, username: "own_bot" } as Entity,
      make: async (callOf: (caller: typeof owner) => Call) => {
        const call = callOf({ ...owner });
        this.seen.push(call);
        return await this.answer(call);
      },
      onLaunch: () => {
        this.launches += 1;
      },
      onDropPending: () => {},
      refuses: () => this.refuses,
    };
    this.api = new LocalBotApi(options);
  }

  /** Parameters of the calls. */
  get parameters(): unknown[] {
    return this.seen.map(({ body }) => JSON.parse(body));
  }
}
