/** The bot's own settings: webhook, names, descriptions, commands, menu buttons, default rights. */

import type {
  BotCommand,
  BotCommandScope,
  Chat,
  ChatAdministratorRights,
  MenuButton,
  User,
  WebhookInfo,
} from "@grammyjs/types";

const DEFAULT_SCOPE: BotCommandScope = { type: "default" };

export class Settings {
  /** The parameters of setWebhook. Only with the option `webhooks` the URL is called. */
  webhook: Omit<WebhookInfo, "pending_update_count"> = { url: "", has_custom_certificate: false };
  readonly names = new Map<string, string>();
  readonly descriptions = new Map<string, string>();
  readonly shortDescriptions = new Map<string, string>();
  /** By chat id; 0 holds the bot's default. */
  readonly menuButtons = new Map<number, MenuButton>();
  readonly defaultRights = new Map<"groups" | "channels", ChatAdministratorRights>();
  readonly #commands = new Map<string, BotCommand[]>();

  commands(scope: BotCommandScope = DEFAULT_SCOPE, language = ""): BotCommand[] {
    return this.#commands.get(keyOf(scope, language)) ?? [];
  }

  /** The commands that a user is offered in a chat: https://core.telegram.org/bots/api#determining-list-of-commands */
  commandsFor(user: User, chat: Chat, isAdministrator: boolean): BotCommand[] {
    const lists = scopesFor(user, chat, isAdministrator).flatMap((scope) => [
      this.commands(scope, user.language_code),
      this.commands(scope),
    ]);
    return lists.find(({ length }) => length > 0) ?? [];
  }

  setCommands(commands: BotCommand[], scope: BotCommandScope = DEFAULT_SCOPE, language = ""): void {
    this.#commands.set(keyOf(scope, language), commands);
  }
}

/** The first one with commands counts. Channels have none. */
function scopesFor({ id: user_id }: User, { id: chat_id, type }: Chat, isAdministrator: boolean): BotCommandScope[] {
  if (type === "channel") return [];
  if (type === "private") return [{ type: "chat", chat_id }, { type: "all_private_chats" }, DEFAULT_SCOPE];
  return [
    { type: "chat_member", chat_id, user_id },
    ...(isAdministrator ? [{ type: "chat_administrators", chat_id } as const] : []),
    { type: "chat", chat_id },
    ...(isAdministrator ? [{ type: "all_chat_administrators" } as const] : []),
    { type: "all_group_chats" },
    DEFAULT_SCOPE,
  ];
}

const keyOf = (scope: BotCommandScope, language: string) =>
  `${JSON.stringify(Object.entries(scope).sort())} ${language}`;
