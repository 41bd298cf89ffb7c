/** `/command` and `/command@bot`. */

import { found, type Recogniser } from "./found.ts";

const COMMAND = /\/(?<![\p{L}\p{N}_/<>]\/)\w{1,64}(?:@\w{3,32}|(?!@))(?![\p{L}\p{N}_/<>])/gu;

export const botCommands: Recogniser = {
  sign: "/",
  find: (text) =>
    [...text.matchAll(COMMAND)].map(({ 0: command, index }) => found("bot_command", index, index + command.length)),
};
