/** The threads of grammy-runner-piscina.ts, and of the measurement of the capacity. A picture is moved, not copied. */

import { move } from "piscina";
import type { WorkModule } from "../work.ts";
import { WORK } from "./settings.ts";

const { default: work } = (await import(WORK.href)) as WorkModule;

export default async function run(input: unknown): Promise<unknown> {
  const result = await work(input);
  return typeof result === "string" ? result : move(result);
}
