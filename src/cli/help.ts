/** `--help`: a command and its options, formatted by yargs for 80 columns. */

import yargs from "yargs";
import { defaultOf, flagOf, optionAt } from "../config/options.ts";
import { COMMANDS, type CommandName, EVERYWHERE } from "./command-table.ts";

export function helpOf(name: CommandName): Promise<string> {
  const {
    usage,
    about,
    flags,
    switches = {},
    values = {},
    presets,
    defaults,
    help: words = {},
    examples,
  } = COMMANDS[name];
  const parser = yargs().scriptName("asgigram").locale("en").wrap(80).help(false).version(false);
  parser.usage([...usage.map((line) => `asgigram ${line}`), about].join("\n"));
  if (name === "serve") for (const [other, { summary }] of Object.entries(COMMANDS)) parser.command(other, summary);
  const own = `${name[0]!.toUpperCase()}${name.slice(1)}:`;
  for (const [flag, describe] of Object.entries({ ...switches, ...values }))
    parser.option(flag, { describe, group: own });
  const settled = { ...defaults, ...presets };
  for (const key of flags) {
    const { help, alias, group, type, ...option } = optionAt(key);
    const byDefault = defaultOf(key in settled ? { default: settled[key] } : option);
    parser.option(flagOf(key), {
      describe: words[key] ?? help,
      group: `${group}:`,
      ...(alias !== undefined && { alias }),
      ...(byDefault !== undefined && type !== "boolean" && { defaultDescription: byDefault }),
    });
  }
  for (const [flag, describe] of Object.entries(EVERYWHERE)) parser.option(flag, { describe, group: "Other:" });
  parser.alias("help", "h");
  return parser.example(examples.map(([line, meaning]) => [line, meaning])).getHelp();
}
