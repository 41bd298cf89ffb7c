/** `--help`: a command and its options, laid out by yargs for a terminal of 80 columns. */

import yargs from "yargs";
import type { Command } from "./commands.ts";
import { defaultOf, flagOf, optionAt } from "./options.ts";

export function helpOf({ usage, flags, switches, defaults, help: words, examples }: Command): Promise<string> {
  const parser = yargs().scriptName("asgigram").locale("en").wrap(80).help(false).version(false).usage(usage);
  for (const [name, describe] of Object.entries(switches)) parser.option(name, { describe, group: "Dead letters:" });
  for (const key of flags) {
    const { help, alias, group, type, ...option } = optionAt(key);
    const byDefault = defaultOf(key in defaults ? { default: defaults[key] } : option);
    parser.option(flagOf(key), {
      describe: words[key] ?? help,
      group: `${group}:`,
      ...(alias !== undefined && { alias }),
      ...(byDefault !== undefined && type !== "boolean" && { defaultDescription: byDefault }),
    });
  }
  return parser
    .option("help", { alias: "h", describe: "Show this", group: "Other:" })
    .option("version", { describe: "Show the versions of asgigram, Node.js and the Bot API", group: "Other:" })
    .example(examples.map(([line, meaning]) => [line, meaning]))
    .getHelp();
}
