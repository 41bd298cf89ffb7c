/** Memory without a limit, and heavy threads that are never idle. */

import { Room } from "../../src/threads/room.ts";

export const ENDLESS_ROOM = {
  room: new Room({ limit: Number.POSITIVE_INFINITY, resident: () => 0 }),
  shrink: () => false,
};
