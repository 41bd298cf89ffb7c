/** The state that both sides work on: the bot's methods and the users' actions. */

import type { FileStore } from "./files.ts";
import type { UpdateQueue } from "./update-queue.ts";
import type { World } from "./world.ts";

export interface Simulation {
  readonly world: World;
  /** The updates for the bot. */
  readonly queue: UpdateQueue;
  readonly files: FileStore;
}
