/**
 * Judges what the machines have done, from the files that they wrote and from the history of the leases:
 *
 *   lost       a message that nobody has ended
 *   disorder   a message of a chat that was ended for the first time before an earlier one was
 *   overlap    a message of a chat that began while another machine was at that chat; work at hand when a machine was stopped does not count
 *   late       a message that began on a machine when the chat's shard was another one's, or nobody's
 *   sessions   a chat whose session is another one than without faults
 *
 * Times are microseconds of the monotonic clock.
 */

import { faultless, type Session } from "./session.ts";

export interface Work {
  readonly machine: string;
  readonly chat: number;
  readonly number: number;
  readonly begin: number;
  /** Infinity if it did not end. */
  end: number;
}

export interface Move {
  readonly at: number;
  readonly shard: number;
  /** Undefined if it was let go. */
  readonly machine: string | undefined;
}

export interface Pause {
  readonly machine: string;
  readonly from: number;
}

export interface Evidence {
  readonly works: readonly Work[];
  readonly moves: readonly Move[];
  /** Stops by SIGSTOP. */
  readonly pauses: readonly Pause[];
  /** Ends by kill -9: time by machine. */
  readonly kills: ReadonlyMap<string, number>;
  /** Machines that have stopped in order. What they left unfinished ended before they let its shard go. */
  readonly stopped: ReadonlySet<string>;
  /** Number of messages of each chat, whose numbers are 1, 2, … */
  readonly sent: ReadonlyMap<number, number>;
  /** The stored sessions, by chat. */
  readonly sessions: ReadonlyMap<number, Session>;
  shardOf(chat: number): number;
}

export interface Verdict {
  readonly lost: readonly string[];
  readonly disorder: readonly string[];
  readonly overlap: readonly string[];
  readonly late: readonly string[];
  readonly sessions: readonly string[];
  /** Messages that were ended more than once: at least once is promised. */
  readonly doubled: number;
}

/** @param text of a machine's file */
export function worksIn(machine: string, text: string): Work[] {
  const open = new Map<string, Work>();
  const works: Work[] = [];
  for (const line of text.split("\n")) {
    const [what, at, chat, number] = line.split(" ");
    const key = `${chat}/${number}`;
    if (what === "begin") {
      const work = {
        machine,
        chat: Number(chat),
        number: Number(number),
        begin: Number(at),
        end: Number.POSITIVE_INFINITY,
      };
      works.push(work);
      open.set(key, work);
    } else if (what === "end" && open.has(key)) open.get(key)!.end = Number(at);
  }
  return works;
}

export function judge(evidence: Evidence): Verdict {
  const byChat = Map.groupBy(evidence.works, ({ chat }) => chat);
  const verdict = {
    lost: [] as string[],
    disorder: [] as string[],
    overlap: [] as string[],
    late: lateIn(evidence),
    sessions: differentIn(evidence),
    doubled: 0,
  };
  for (const [chat, count] of evidence.sent) {
    const works = (byChat.get(chat) ?? []).toSorted((one, other) => one.begin - other.begin);
    const ends = firstEnds(works);
    for (let number = 1; number <= count; number++) {
      if (!ends.has(number)) verdict.lost.push(`${chat}/${number}`);
      else if ((ends.get(number - 1) ?? 0) > ends.get(number)!) verdict.disorder.push(`${chat}/${number}`);
    }
    verdict.overlap.push(...overlapsIn(works, evidence));
    verdict.doubled += works.filter(({ end }) => end !== Number.POSITIVE_INFINITY).length - ends.size;
  }
  return verdict;
}

function firstEnds(works: readonly Work[]): Map<number, number> {
  const ends = new Map<number, number>();
  for (const { number, end } of works) {
    if (end === Number.POSITIVE_INFINITY) continue;
    ends.set(number, Math.min(end, ends.get(number) ?? end));
  }
  return ends;
}

function overlapsIn(works: readonly Work[], { kills, pauses, stopped, moves, shardOf }: Evidence): string[] {
  const letGo = ({ machine, chat, begin }: Work) =>
    moves
      .filter((move) => move.shard === shardOf(chat) && move.at > begin && move.machine !== machine)
      .reduce((first, { at }) => Math.min(first, at), Number.POSITIVE_INFINITY);
  const endOf = (work: Work) => {
    if (stopped.has(work.machine) && work.end === Number.POSITIVE_INFINITY) return letGo(work);
    return Math.min(work.end, kills.get(work.machine) ?? Number.POSITIVE_INFINITY);
  };
  const wasStopped = (work: Work) =>
    pauses.some(({ machine, from }) => machine === work.machine && work.begin <= from && endOf(work) >= from);
  const counting = works.filter((work) => !wasStopped(work) && Number.isFinite(endOf(work)));
  const found: string[] = [];
  for (const [i, work] of counting.entries()) {
    for (let j = i + 1; j < counting.length && counting[j]!.begin < endOf(work); j++) {
      const other = counting[j]!;
      if (other.machine !== work.machine) found.push(`${said(work)} and ${said(other)}`);
    }
  }
  return found;
}

function lateIn({ works, moves, shardOf }: Evidence): string[] {
  const byShard = Map.groupBy(moves, ({ shard }) => shard);
  for (const list of byShard.values()) list.sort((one, other) => one.at - other.at);
  return works
    .filter(({ machine, chat, begin }) => {
      const last = byShard.get(shardOf(chat))?.findLast(({ at }) => at <= begin - CLOCK);
      return last !== undefined && last.machine !== machine;
    })
    .map((work) => `${said(work)} at ${work.begin}`);
}

function differentIn({ sent, sessions }: Evidence): string[] {
  return [...sent]
    .map(([chat, count]) => [chat, JSON.stringify(sessions.get(chat)), JSON.stringify(faultless(count))] as const)
    .filter(([, found, expected]) => found !== expected)
    .map(([chat, found, expected]) => `${chat} has ${found} instead of ${expected}`);
}

/**
 * The longest time from the moment at which a message was sent to its first beginning: µs.
 * @param sentAt times by `chat/number`; messages that are not there do not count
 */
export function longestWait(works: readonly Work[], sentAt: ReadonlyMap<string, number>): number {
  const begun = new Map<string, number>();
  for (const { chat, number, begin } of works) {
    const key = `${chat}/${number}`;
    begun.set(key, Math.min(begin, begun.get(key) ?? Number.POSITIVE_INFINITY));
  }
  return Math.max(0, ...[...sentAt].map(([key, at]) => (begun.get(key) ?? Number.POSITIVE_INFINITY) - at));
}

/** The longest time between two beginnings, on any machine, that had begun or ended between two times: µs. */
export function longestSilence(works: readonly Work[], from: number, to: number): number {
  const begins = works.map(({ begin }) => begin).toSorted((one, other) => one - other);
  const gaps = begins.slice(1).map((end, i) => ({ begin: begins[i]!, end }));
  return Math.max(
    0,
    ...gaps.filter(({ begin, end }) => begin < to && end >= from).map(({ begin, end }) => end - begin),
  );
}

/** Times of the database and of the machines are compared to a millisecond: µs. */
const CLOCK = 2000;

function said({ machine, chat, number }: Work): string {
  return `${chat}/${number} on ${machine}`;
}
