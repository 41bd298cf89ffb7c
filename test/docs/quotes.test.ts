/** The documents quote messages of the server as its source has them. */

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const ROOT = join(import.meta.dirname, "../..");

const QUOTED = {
  "docs/cpu-heavy.md": ["ms by ", ": move this to offload()"],
  "docs/deploy.md": ["workers have been replaced", "could not be replaced", "above --memory-limit"],
  "docs/observe.md": ["the application threw; the event is now a dead letter", "is not up", "listening"],
  "docs/recover.md": [
    ...["no warnings", "starts up and shuts down", "belongs to @", ", which receives the bot's updates"],
    ...["start with --delete-webhook to delete it", "will be created"],
    ...["in use by another process", "the disk is full", "damaged", "no such file: ", "is a directory"],
  ],
  "docs/debugging.md": ["asgigram:settled"],
};

const source = globSync("{src,workers}/**/*.ts", { cwd: ROOT }).map(read).join("\n");

for (const [path, messages] of Object.entries(QUOTED)) {
  test(`every message that ${path} quotes is in the source`, () => {
    const document = read(path);
    for (const message of messages) {
      assert.ok(document.includes(message), `${path} does not quote "${message}"`);
      assert.ok(source.includes(message), `no source has "${message}"`);
    }
  });
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}
