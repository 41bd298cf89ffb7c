/** Polls of the bot: https://core.telegram.org/bots/api#stoppoll */

import type { Message, Poll } from "@grammyjs/types";
import { closePoll, isOver } from "../../state/polls.ts";
import { writableChatOf } from "../access.ts";
import { badRequest } from "../refusal.ts";
import { mayEdit } from "../rights.ts";
import type { Handler } from "../telegram.ts";
import { keyboardOf } from "./editing.ts";

export const pollMethods: Record<string, Handler> = {
  stopPoll(call, telegram) {
    const { world } = telegram;
    const record = writableChatOf(world, call);
    const message = record.messages.get(call.number("message_id") ?? 0);
    if (message?.poll === undefined) throw badRequest("message with poll to stop not found");
    if (!mayEdit(world, record, message)) throw badRequest("poll can't be stopped");
    const asked = message as Message & { poll: Poll };
    if (asked.poll.is_closed || isOver(asked, world.date)) throw badRequest("poll has already been closed");
    const { reply_markup: _, ...bare } = asked;
    return closePoll(telegram, record, "bot", { ...bare, ...keyboardOf(call) } as typeof asked);
  },
};
