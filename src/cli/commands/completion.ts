/** `asgigram completion`: prints the completion script for the shell that the variable SHELL names. */

import yargs from "yargs";

export async function run(): Promise<number> {
  yargs().scriptName("asgigram").showCompletionScript();
  return 0;
}
