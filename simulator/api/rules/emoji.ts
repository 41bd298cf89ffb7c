/** Emoji that Telegram knows as dice and as reactions. */

import type { ReactionType, ReactionTypeEmoji } from "@grammyjs/types";
import type { Call } from "../call.ts";
import { isObject, requiredString } from "../fields.ts";
import { badRequest, within } from "../refusal.ts";

/** https://core.telegram.org/bots/api#dice */
const DICE: ReadonlySet<string> = new Set(["🎲", "🎯", "🏀", "⚽", "🎳", "🎰"]);

/** https://core.telegram.org/method/messages.sendMedia. @throws Refusal (400) */
export function checkDice(call: Call): void {
  if (!DICE.has(plain(call.string("emoji") ?? "🎲"))) throw badRequest("EMOTICON_INVALID");
}

/** https://core.telegram.org/bots/api#reactiontypeemoji */
const REACTIONS: ReadonlySet<ReactionTypeEmoji["emoji"]> = new Set(
  (
    "👍 👎 ❤ 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤‍🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻 👨‍💻 👀 " +
    "🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷‍♂ 🤷 🤷‍♀ 😡"
  ).split(" ") as ReactionTypeEmoji["emoji"][],
);

/** The shape of reactions (`Client::get_reaction_types`). @throws Refusal (400) */
export function readReactions(call: Call): void {
  for (const type of call.array("reaction") ?? []) {
    within("Can't parse ReactionType", () => {
      if (!isObject(type)) throw badRequest("expected an Object");
      const field = { emoji: "emoji", custom_emoji: "custom_emoji_id" }[requiredString(type, "type")];
      if (field === undefined) throw badRequest("invalid reaction type specified");
      requiredString(type, field);
    });
  }
}

/** "As non-premium users, bots can set up to one reaction per message." @throws Refusal (400) */
export function checkReactions(call: Call): void {
  const reactions = call.array<ReactionType>("reaction") ?? [];
  if (reactions.length > 1) throw badRequest("REACTIONS_TOO_MANY");
  for (const reaction of reactions) {
    if (reaction.type === "emoji" && !REACTIONS.has(plain(reaction.emoji) as ReactionTypeEmoji["emoji"])) {
      throw badRequest("REACTION_INVALID");
    }
  }
}

/** Without the selectors that ask for a coloured picture. */
const plain = (emoji: string) => emoji.replaceAll("\uFE0F", "");
