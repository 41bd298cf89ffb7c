/** Polls: https://core.telegram.org/bots/api#sendpoll, with the limits of MessageContent.cpp, PollOption.cpp and PollManager.cpp. */

import { format, isLonger } from "../../text/format.ts";
import type { Call } from "../call.ts";
import { isObject, requiredString } from "../fields.ts";
import { badRequest } from "../refusal.ts";

const MAX_QUESTION = 300;
const MAX_OPTION = 100;
const MAX_EXPLANATION = 200;
const MOST_OPTIONS = 12;
/** Seconds: https://core.telegram.org/bots/api#sendpoll */
const SHORTEST = 5;

/** The shape of a poll, which is read before the chat is looked for. @throws Refusal (400) */
export function readPoll(call: Call): void {
  questionOf(call);
  optionsOf(call);
  const type = call.string("type") ?? "regular";
  if (type !== "regular" && type !== "quiz") throw badRequest("Unsupported poll type specified");
  if (type === "regular") return;
  explanationOf(call);
  for (const id of call.array("correct_option_ids") ?? []) {
    if (typeof id !== "number") throw badRequest("Correct option identifier must be of type Number");
    if (!Number.isSafeInteger(id)) throw badRequest("Invalid correct option identifier specified");
  }
}

/** @throws Refusal (400) */
export function checkPoll(call: Call): void {
  const { text: question } = questionOf(call);
  if (question === "") throw badRequest("Text must be non-empty");
  if (isLonger(question, MAX_QUESTION)) throw badRequest(`Poll question length must not exceed ${MAX_QUESTION}`);
  const options = optionsOf(call);
  if (options.length === 0) throw badRequest("Poll must have at least one answer option");
  if (options.length > MOST_OPTIONS) throw badRequest(`Poll can't have more than ${MOST_OPTIONS} options`);
  for (const { text } of options) {
    if (text === "") throw badRequest("Text must be non-empty");
    if (isLonger(text, MAX_OPTION)) throw badRequest(`Poll options length must not exceed ${MAX_OPTION}`);
  }
  if (call.string("type") === "quiz") checkQuiz(call, options.length);
  const period = call.number("open_period") ?? 0;
  if (period !== 0 && period < SHORTEST) throw badRequest("POLL_OPEN_PERIOD_INVALID");
}

export const questionOf = (call: Call) =>
  call.once("question", () =>
    format(call.string("question") ?? "", call.values.question_parse_mode, call.array("question_entities")),
  );

/** The explanation of a quiz, which a wrong answer shows. */
export const explanationOf = (call: Call) =>
  call.once("explanation", () =>
    format(call.string("explanation") ?? "", call.values.explanation_parse_mode, call.array("explanation_entities")),
  );

export const optionsOf = (call: Call) =>
  call.once("options", () =>
    call.array("options")!.map((option) => {
      if (typeof option === "string") return format(option);
      if (!isObject(option)) throw badRequest("Expected an option to be of type String");
      const { text_parse_mode, text_entities } = option;
      return format(requiredString(option, "text"), text_parse_mode, text_entities);
    }),
  );

function checkQuiz(call: Call, count: number): void {
  const right = call.array<number>("correct_option_ids") ?? [];
  if (right.length === 0) throw badRequest("Correct quiz option list must be non-empty");
  if (right.some((id, at) => at > 0 && id <= right[at - 1]!)) {
    throw badRequest("Correct quiz option list must be increasing");
  }
  if (right.some((id) => id < 0 || id >= count)) throw badRequest("Wrong quiz correct_option_id");
  if (isLonger(explanationOf(call).text, MAX_EXPLANATION)) throw badRequest("QUIZ_ANSWER_TOO_LONG");
}
