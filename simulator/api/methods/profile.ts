/** The bot's profile and settings: getMe, names, descriptions, commands, menu button, default rights; and its files. */

import type { BotCommand, BotCommandScope, ChatAdministratorRights, MenuButton } from "@grammyjs/types";
import type { UploadedFile } from "../../state/files.ts";
import { rightsWith } from "../../state/rights.ts";
import type { Call } from "../call.ts";
import { profilePhotoOf } from "../profile-photo.ts";
import { badRequest } from "../refusal.ts";
import type { Handler } from "../telegram.ts";

const COMMAND = /^[a-z0-9_]{1,32}$/;
const MAX_COMMANDS = 100;

export const profileMethods: Record<string, Handler> = {
  getMe: (_, { world }) => world.bot,

  setMyName(call, { settings, world }) {
    remember(settings.names, call, "name");
    // getMe has the name for all languages; an empty one restores the first.
    if (!call.has("language_code")) world.rename(call.string("name"));
    return true;
  },
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
    telegram.settings.defaultRights.set(rightsKey(call), defaultRights(call, call.object("rights")));
    return true;
  },
  getMyDefaultAdministratorRights: (call, { settings }) =>
    settings.defaultRights.get(rightsKey(call)) ?? defaultRights(call, {}),

  setMyProfilePhoto(call, telegram) {
    const { bot, accounts } = telegram.world;
    const photo = profilePhotoOf(call.object<Record<string, string | UploadedFile>>("photo")!, telegram);
    accounts.photos.set(bot.id, [photo, ...(accounts.photos.get(bot.id) ?? [])]);
    return true;
  },
  removeMyProfilePhoto(_, { world }) {
    world.accounts.photos.get(world.bot.id)?.shift();
    return true;
  },

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
const defaultRights = (call: Call, granted: Partial<ChatAdministratorRights> = {}) =>
  rightsWith(call.boolean("for_channels") ? "channel" : "supergroup", granted);
const rightsKey = (call: Call) => (call.boolean("for_channels") ? "channels" : "groups");
