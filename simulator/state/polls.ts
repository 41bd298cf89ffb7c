/** Votes in polls: https://core.telegram.org/bots/api#poll */

import type { Message, Poll, User } from "@grammyjs/types";
import type { ChatRecord } from "./chat-record.ts";
import type { Actor } from "./journal.ts";
import { replaceMessage, withoutProfile } from "./messages.ts";
import type { Simulation } from "./simulation.ts";

type PollMessage = Message & { poll: Poll };

/** The reason why the user may not vote so; undefined if the vote counts. */
export function refusalOf(
  record: ChatRecord,
  { poll, message_id }: PollMessage,
  user: User,
  options: readonly number[],
) {
  if (poll.is_closed) return "the poll is closed";
  if (options.some((option) => poll.options[option] === undefined)) {
    return `the poll has no option ${options.join(", ")}`;
  }
  if (options.length > 1 && !poll.allows_multiple_answers) return "the poll takes one answer";
  const hasVoted = record.votes.has(voteKey(user.id, message_id));
  return hasVoted && !mayRevote(poll) ? "the poll takes no second vote" : undefined;
}

const mayRevote = (poll: Poll) => (poll as { allows_revoting?: boolean }).allows_revoting ?? poll.type !== "quiz";

/** Counts a vote, which replaces the user's former one. No options retract it. */
export function vote(
  simulation: Simulation,
  record: ChatRecord,
  message: PollMessage,
  user: User,
  options: number[],
): void {
  const { world, queue } = simulation;
  const { poll } = message;
  const key = voteKey(user.id, message.message_id);
  const counted = recount(poll, record.votes.get(key) ?? [], options);
  if (options.length === 0) record.votes.delete(key);
  else record.votes.set(key, options);
  replaceMessage(world, record, "user", { ...message, poll: counted });
  // "Bots receive only updates about manually stopped polls and polls, which are sent by the bot".
  if (!record.outgoing.has(message.message_id)) return;
  queue.push({ poll: counted });
  if (poll.is_anonymous) return;
  const option_persistent_ids = options.map((option) => poll.options[option]!.persistent_id);
  const answer = { poll_id: poll.id, user: withoutProfile(user), option_ids: options, option_persistent_ids };
  queue.push({ poll_answer: answer });
}

export function closePoll({ world, queue }: Simulation, record: ChatRecord, by: Actor, message: PollMessage): Poll {
  const poll = { ...message.poll, is_closed: true };
  replaceMessage(world, record, by, { ...message, poll });
  queue.push({ poll });
  return poll;
}

/** True if the time of an open poll is over. */
export const isOver = ({ poll, date }: PollMessage, now: number): boolean => {
  const end = poll.close_date ?? (poll.open_period === undefined ? undefined : date + poll.open_period);
  return !poll.is_closed && end !== undefined && end <= now;
};

/** The user's votes, by message_id. */
export const votesOf = (record: ChatRecord, user_id: number): [message_id: number, options: readonly number[]][] =>
  [...record.messages.keys()].flatMap((id) => {
    const options = record.votes.get(voteKey(user_id, id));
    return options === undefined ? [] : [[id, options]];
  });

const voteKey = (user_id: number, message_id: number) => `${user_id}/${message_id}`;

function recount(poll: Poll, before: readonly number[], after: readonly number[]): Poll {
  const change = (option: number) => Number(after.includes(option)) - Number(before.includes(option));
  const options = poll.options.map((option, at) => ({ ...option, voter_count: option.voter_count + change(at) }));
  const voters = Number(after.length > 0) - Number(before.length > 0);
  return { ...poll, options, total_voter_count: poll.total_voter_count + voters };
}
