/** The bot's own settings: webhook, names, descriptions, commands, menu buttons, default rights. */

import type { BotCommand, BotCommandScope, ChatAdministratorRights, MenuButton, WebhookInfo } from "@grammyjs/types";

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

  setCommands(commands: BotCommand[], scope: BotCommandScope = DEFAULT_SCOPE, language = ""): void {
    this.#commands.set(keyOf(scope, language), commands);
  }
}

const keyOf = (scope: BotCommandScope, language: string) =>
  `${JSON.stringify(Object.entries(scope).sort())} ${language}`;
