/** The bot's profile and settings: getMe, names, descriptions, commands, menu button, default rights; and its files. */

import type { BotCommand, BotCommandScope, MenuButton } from "@grammyjs/types";
import type { Call } from "../call.ts";
import { plausible } from "../plausible.ts";
import { badRequest } from "../refusal.ts";
import type { Handler, Telegram } from "../telegram.ts";

const COMMAND = /^[a-z0-9_]{1,32}$/;
const MAX_COMMANDS = 100;

export const profileMethods: Record<string, Handler> = {
  getMe: (_, { world }) => world.bot,

  setMyName: (call, { settings }) => remember(settings.names, call, "name"),
  getMyName: (call, { settings, world }) => ({ name: recall(settings.names, call) ?? world.bot.first_name }),

  setMyDescription: (call, { settings }) => remember(settings.descriptions, call, "description"),
  getMyDescription: (call, { settings }) => ({ description: recall(settings.descriptions, call) ?? "" }),

  setMyShortDescription: (call, { settings }) => remember(settings.shortDescriptions, call, "short_description"),
  getMyShortDescription: (call, { settings }) => ({
    short_description: recall(settings.shortDescriptions, call) ?? "",
  }),

  setMyCommands(call, { settings }) {
    const commands = call.array<BotCommand>("commands") ?? [];
    if (commands.length > MAX_COMMANDS) throw badRequest("BOT_COMMANDS_TOO_MUCH");
    const read = commands.map(readCommand);
    settings.setCommands(read, scopeOf(call), call.string("language_code"));
    return true;
  },
  getMyCommands: (call, { settings }) => settings.commands(scopeOf(call), call.string("language_code")),
  deleteMyCommands(call, { settings }) {
    settings.setCommands([], scopeOf(call), call.string("language_code"));
    return true;
  },

  setChatMenuButton(call, { settings }) {
    settings.menuButtons.set(
      call.number("chat_id") ?? 0,
      call.object<MenuButton>("menu_button") ?? { type: "default" },
    );
    return true;
  },
  getChatMenuButton: (call, { settings }) =>
    settings.menuButtons.get(call.number("chat_id") ?? 0) ?? settings.menuButtons.get(0) ?? { type: "commands" },

  setMyDefaultAdministratorRights(call, telegram) {
    const rights = { ...(plausible("ChatAdministratorRights", call, telegram) as object), ...call.object("rights") };
    telegram.settings.defaultRights.set(rightsKey(call), rights as never);
    return true;
  },
  getMyDefaultAdministratorRights: (call, telegram) =>
    telegram.settings.defaultRights.get(rightsKey(call)) ?? plausible("ChatAdministratorRights", call, telegram),

  getFile(call, { files, local }) {
    const file = files.get(call.string("file_id")!);
    if (file === undefined) throw badRequest("wrong file_id or the file is temporarily unavailable");
    const { file_id, file_unique_id, file_size, file_path } = file;
    const bytes = local === undefined ? undefined : files.bytes(file_path);
    return {
      file_id,
      file_unique_id,
      file_size,
      file_path: bytes === undefined ? file_path : local!.pathOf(file, bytes),
    };
  },

  uploadStickerFile(call, { files }) {
    const { file_id, file_unique_id, file_size } = files.store(call.file("sticker"), "sticker");
    return { file_id, file_unique_id, file_size };
  },

  getBusinessConnection(call, { world }: Telegram) {
    const connection = world.businessConnections.get(call.string("business_connection_id")!);
    if (connection === undefined) throw badRequest("business connection not found");
    return connection;
  },
};

function readCommand({ command, description }: BotCommand): BotCommand {
  const name = String(command).replace(/^\//, "").toLowerCase();
  if (!COMMAND.test(name)) throw badRequest("BOT_COMMAND_INVALID");
  if (typeof description !== "string" || description === "") throw badRequest("command description must be non-empty");
  return { command: name, description };
}

function remember(map: Map<string, string>, call: Call, name: string): true {
  map.set(call.string("language_code") ?? "", call.string(name) ?? "");
  return true;
}

/** The text for the language, or else the text for all languages. */
const recall = (map: Map<string, string>, call: Call) =>
  map.get(call.string("language_code") ?? "") || map.get("") || undefined;

const scopeOf = (call: Call) => call.object<BotCommandScope>("scope");
const rightsKey = (call: Call) => (call.boolean("for_channels") ? "channels" : "groups");
