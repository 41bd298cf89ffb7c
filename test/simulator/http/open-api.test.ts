/** The description of /simulator is true: everything in it is there, and the file in docs is what the server serves. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openApi } from "../../../simulator/http/open-api.ts";
import { Simulator } from "../../../simulator/index.ts";

const description = openApi();

interface Operation {
  operationId: string;
  requestBody?: { content: { "application/json": { schema: { required?: string[] } } } };
}

const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
  Object.entries(methods as unknown as Record<string, Operation>).flatMap(([method, operation]) =>
    method === "parameters" ? [] : [{ path, method: method.toUpperCase(), operation }],
  ),
);

/** Actions on the server that runs the bot: here there is none. */
const NEEDS_SERVER = new Set(["killWorker", "killServer", "reload"]);

test("each operation is answered: without its parameters by the name of the first that is missing", async () => {
  await using simulator = await Simulator.start({ anyToken: true });
  for (const { path, method, operation } of operations) {
    const [first] = operation.requestBody?.content["application/json"].schema.required ?? [];
    const leaving = new AbortController();
    const url = simulator.url + path.replace("{token}", "1:a");
    const response = await fetch(url, { method, signal: leaving.signal });
    if (NEEDS_SERVER.has(operation.operationId)) assert.match(await response.text(), /does not run this bot/);
    else if (first === undefined) assert.equal(response.status, 200, `${method} ${path}`);
    else assert.match(await response.text(), RegExp(`"${operation.operationId}: ${first} is missing"`));
    leaving.abort();
  }
  assert.ok(operations.length > 30);
});

test("every reference has its component, and every operation its own name", () => {
  const refs = [...JSON.stringify(description).matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name!);
  assert.deepEqual([...new Set(refs)].sort(), Object.keys(description.components.schemas).sort());
  const names = operations.map(({ operation }) => operation.operationId);
  assert.equal(new Set(names).size, names.length);
});

test("the server serves the description that is in docs", async () => {
  await using simulator = await Simulator.start();
  const served = await (await fetch(`${simulator.url}/simulator/openapi.json`)).json();
  const kept = readFileSync(join(import.meta.dirname, "../../../docs/simulator.openapi.json"), "utf8");
  assert.deepEqual(served, JSON.parse(kept));
});
