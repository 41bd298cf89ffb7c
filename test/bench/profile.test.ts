import assert from "node:assert/strict";
import { test } from "node:test";
import { analyze } from "../../bench/profile.ts";

test("self time is counted by function and by place, within the span, without idle time", () => {
  const frame = (functionName: string, url: string) => ({ functionName, url, lineNumber: 9 });
  const profile = {
    nodes: [
      { id: 1, callFrame: frame("(idle)", "") },
      { id: 2, callFrame: frame("take", "file:///home/x/dist/src/inbox/sqlite.js") },
      { id: 3, callFrame: frame("request", "file:///home/x/node_modules/undici/lib/api.js") },
      { id: 4, callFrame: frame("", "node:internal/streams/readable") },
    ],
    startTime: 5_000_000,
    samples: [2, 3, 1, 4, 2, 2],
    timeDeltas: [900, 200, 300, 100, 400, 5000],
  };
  const analyzed = analyze("CPU.20261121.151232.27093.0.001.cpuprofile", profile, { from: 5001, to: 5002 });
  assert.equal(analyzed.thread, "main thread");
  assert.equal(analyzed.total, 700);
  assert.deepEqual(
    analyzed.functions.map(({ name, microseconds }) => [name, microseconds]),
    [
      ["take (src/inbox/sqlite.js:10)", 400],
      ["request (undici/lib/api.js:10)", 200],
      ["(anonymous) (node:internal/streams/readable:10)", 100],
    ],
  );
  assert.deepEqual(
    analyzed.groups.map(({ name }) => name),
    ["src/inbox", "undici", "node:internal/streams"],
  );
});
