/** Replays a recording with other code: users do the same at the same times, and the bot must make the same calls. */

import { AssertionError } from "node:assert";
import { inspect, isDeepStrictEqual } from "node:util";
import type { Perform } from "../clients/actions/actions.ts";
import { difference } from "../clients/matching.ts";
import type { RunnableBot } from "../clients/running-bots.ts";
import { Simulator } from "../simulator.ts";
import type { RecordedCall } from "../state/call-log.ts";
import { type Act, isAboutUpdates, type Recording, readRecording } from "./recording.ts";

/**
 * Replays a recording. Calls to one chat must come in the recorded order, with the recorded parameters; chats may overtake each other.
 * @param source the path of a file, or what was read from it
 * @param bot makes the bot from the simulator's URL and token
 * @throws AssertionError with the first difference
 */
export async function replay(
  source: string | Recording,
  bot: (simulator: Simulator) => RunnableBot | Promise<RunnableBot>,
): Promise<void> {
  const recording = typeof source === "string" ? await readRecording(source) : source;
  const { began, seed, entries } = recording;
  // The clock stands still between two actions, so that dates are those of the recording.
  await using simulator = await Simulator.start({ now: () => began, seed });
  const comparison = new CallComparison(entries.flatMap((entry) => ("call" in entry ? entry.call : [])));
  await simulator.run(await bot(simulator));
  await simulator.idle();
  let at = 0;
  let due = 0;
  let last: Act | undefined;
  for (const entry of entries) {
    if ("call" in entry) due += 1;
    if (!("act" in entry)) continue;
    comparison.check(simulator.calls, due, last);
    // The clock is set by the times of the entries, and so are the shifts of the recording.
    if (entry.at > at) await simulator.advance((entry.at - at) / 1000);
    at = Math.max(at, entry.at);
    last = entry;
    if (entry.act !== "advance") await (simulator.perform as Perform)(entry.act, entry.takes as never);
    await simulator.idle();
  }
  comparison.check(simulator.calls, due, last);
  comparison.checkEnd(simulator.calls, last);
}

interface Call {
  method: string;
  parameters: unknown;
}

class CallComparison {
  readonly #calls: readonly Call[];
  readonly #lines: ReadonlyMap<string, readonly Call[]>;

  constructor(calls: readonly RecordedCall[]) {
    this.#calls = calls.map(plain);
    this.#lines = Map.groupBy(this.#calls, lineOf);
  }

  /** @param due of the recorded calls, so many must have come */
  check(made: readonly RecordedCall[], due: number, after: Act | undefined): void {
    const lines = linesOf(made);
    for (const [line, calls] of lines) {
      for (const [i, call] of calls.entries()) {
        const expected = this.#lines.get(line)?.[i];
        if (expected === undefined) throw differs(after, `the bot called ${call.method}, which it did not`, call);
        if (isDeepStrictEqual(call, expected)) continue;
        throw differs(after, `the bot called\n${difference({ actual: call, expected })}`);
      }
    }
    for (const [line, calls] of Map.groupBy(this.#calls.slice(0, due), lineOf)) {
      const missing = calls[lines.get(line)?.length ?? 0];
      if (missing !== undefined) throw differs(after, `the bot did not call ${missing.method}`, missing);
    }
  }

  checkEnd(made: readonly RecordedCall[], after: Act | undefined): void {
    this.check(made, this.#calls.length, after);
  }
}

const linesOf = (calls: readonly RecordedCall[]) =>
  Map.groupBy(calls.filter((call) => !isAboutUpdates(call)).map(plain), lineOf);

/** As in the file: without the values that JSON leaves out. */
const plain = ({ method, parameters }: RecordedCall): Call => JSON.parse(JSON.stringify({ method, parameters }));

/** Calls of one line keep their order: those to a chat, and those of a method that needs no chat. */
function lineOf({ method, parameters }: Call): string {
  const { chat_id } = parameters as { chat_id?: unknown };
  return String(chat_id ?? method);
}

function differs(after: Act | undefined, reason: string, call?: Call): AssertionError {
  const shown = (value: unknown) => inspect(value, { breakLength: Infinity, depth: 6, maxStringLength: 200 });
  const place = after === undefined ? "at its start" : `after ${after.act} ${shown(after.takes)}`;
  return new AssertionError({
    message: `${place} ${reason}${call === undefined ? "" : `\n  ${shown(call.parameters)}`}`,
  });
}
