/** Games and their scores: https://core.telegram.org/bots/api#setgamescore, #getgamehighscores */

import type { ChatRecord } from "../../state/chat-record.ts";
import { withoutProfile } from "../../state/messages.ts";
import { offerKey } from "../../state/payments.ts";
import { messageOf, personOf, writableChatOf } from "../access.ts";
import type { Call } from "../call.ts";
import { badRequest } from "../refusal.ts";
import type { Handler, Telegram } from "../telegram.ts";
import { edit, inlinePlaceOf } from "./editing.ts";

export const gameMethods: Record<string, Handler> = {
  setGameScore(call, telegram) {
    const { scores } = telegram.world;
    const { game, record, message_id } = gameOf(call, telegram, "set game score");
    const { user } = personOf(telegram.world, call.number("user_id"));
    const score = call.number("score")!;
    if (score < 0) throw badRequest("SCORE_INVALID");
    const before = scores.of(game, user.id);
    const isHigher = before === undefined || score > before;
    if (!isHigher && !(call.boolean("force") && score !== before)) throw badRequest("BOT_SCORE_NOT_MODIFIED");
    scores.set(game, withoutProfile(user), score);
    if (call.boolean("disable_edit_message")) {
      return call.has("inline_message_id") || record.messages.get(message_id)!;
    }
    const text = scores
      .table(game)
      .map(({ position, user, score }) => `${position}. ${user.first_name} – ${score}`)
      .join("\n");
    return edit(call, telegram, (message) => ({ ...message, game: { ...message.game!, text } }), { keepsMarkup: true });
  },

  getGameHighScores(call, telegram) {
    const { game } = gameOf(call, telegram, "get game high scores");
    return telegram.world.scores.around(game, call.number("user_id")!);
  },
};

/** The key of a game's scores and the place of its message. */
function gameOf(call: Call, telegram: Telegram, purpose: string) {
  const { record, message_id } = placeOf(call, telegram, purpose);
  if (record.messages.get(message_id)?.game === undefined) throw badRequest("GAME_BOT_INVALID");
  return { game: offerKey(record.chat.id, message_id), record, message_id };
}

function placeOf(call: Call, telegram: Telegram, purpose: string): { record: ChatRecord; message_id: number } {
  if (call.has("inline_message_id")) return inlinePlaceOf(call, telegram);
  const record = writableChatOf(telegram.world, call);
  return { record, message_id: messageOf(record, call.number("message_id"), purpose).message_id };
}
