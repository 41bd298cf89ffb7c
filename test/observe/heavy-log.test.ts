import assert from "node:assert/strict";
import { test } from "node:test";
import { HeavyLog } from "../../src/observe/heavy-log.ts";
import { createLogger } from "../../src/observe/logger.ts";

test("messages and output of heavy threads are logged with their module", () => {
  const lines: Record<string, unknown>[] = [];
  const hide = (text: string) => text.replaceAll("secret", "***");
  const log = createLogger({ level: "warn", format: "json", hide, write: (line) => lines.push(JSON.parse(line)) });
  const heavy = new HeavyLog(log);
  heavy.said("render.ts", "error", "a heavy thread died", "Error: secret");
  heavy.said("render.ts", "info", "not logged at this level");
  heavy.printed("render.ts", "stdout", "hello");
  heavy.printed("render.ts", "stderr", "oh");
  assert.deepEqual(
    lines.map(({ level, module, msg, error }) => [level, module, msg, error].filter(Boolean).join(", ")),
    ["error, render.ts, a heavy thread died, Error: ***", "info, render.ts, hello", "warn, render.ts, oh"],
  );
});
