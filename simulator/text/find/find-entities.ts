/** Entities that Telegram finds in plain text by itself (`find_entities` in MessageEntity.cpp). */

import type { Entity } from "../formatted-text.ts";
import { bankCards } from "./bank-cards.ts";
import { botCommands } from "./bot-commands.ts";
import { cashtags } from "./cashtags.ts";
import type { Recogniser } from "./found.ts";
import { hashtags } from "./hashtags.ts";
import { mentions } from "./mentions.ts";
import { phoneNumbers } from "./phone-numbers.ts";
import { telegramLinks } from "./telegram-links.ts";
import { urls } from "./urls.ts";

const RECOGNISERS: readonly Recogniser[] = [
  mentions,
  botCommands,
  hashtags,
  cashtags,
  phoneNumbers,
  bankCards,
  telegramLinks,
  urls,
];

/** Entities of different recognisers may overlap. */
export const findEntities = (text: string): Entity[] =>
  RECOGNISERS.flatMap(({ sign, find }) => (text.includes(sign) ? find(text) : []));
