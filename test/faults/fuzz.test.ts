import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { NetworkError, TelegramError } from "../../src/protocol/errors.ts";
import { UPDATE_KINDS } from "../../src/protocol/route.ts";
import { anyText } from "../any-text.ts";
import { Folder } from "../folder.ts";
import { isSettled } from "../settled.ts";
import { FaultyBot } from "./bot.ts";
import { POLLS } from "./faulty-api.ts";
import { Sender } from "./sender.ts";

const BATCHES = 300;

/** Any JSON value, often with keys that have a meaning. */
const { value } = fc.letrec<{ value: unknown; object: object }>((tie) => ({
  value: fc.oneof(
    // At the last depth only the first of these is used.
    { maxDepth: 4, depthIdentifier: "depth" },
    fc.constantFrom(null, true, 0, -1, 1.5, 2 ** 53, 1e300, "", "__proto__", [], {}),
    fc.integer({ min: 1, max: 5 }),
    anyText(),
    fc.array(tie("value"), { maxLength: 3, depthIdentifier: "depth" }),
    { arbitrary: tie("object"), weight: 3 },
  ),
  object: fc.dictionary(
    fc.oneof(
      {
        arbitrary: fc.constantFrom(
          ...[
            "chat",
            "from",
            "user",
            "message",
            "voter_chat",
            "business_connection_id",
            "guest_query_id",
            "id",
            "type",
          ],
          ...["text", "date", "toJSON", "then", "__proto__", "constructor", "hasOwnProperty"],
        ),
        weight: 5,
      },
      fc.string(),
    ),
    tie("value"),
    { maxKeys: 6, depthIdentifier: "depth" },
  ),
}));

const kind = fc.oneof(fc.constantFrom<string>(...UPDATE_KINDS), fc.string());
const updateId = fc.oneof({ arbitrary: fc.integer({ min: 0, max: 1e9 }), weight: 4 }, value);
const update = fc.oneof(
  {
    arbitrary: fc
      .tuple(updateId, fc.array(fc.tuple(kind, value), { maxLength: 2 }))
      .map(([update_id, payloads]) => ({ update_id, ...Object.fromEntries(payloads) })),
    weight: 5,
  },
  value,
);

test("updates of every shape stop nothing, and the updates after them are handled", async () => {
  const seed = 1;
  const batches = fc.sample(fc.array(update, { maxLength: 5 }), { numRuns: BATCHES, seed });
  using folder = new Folder();
  await using bot = await FaultyBot.start("echo", { seed, flags: { inbox: join(folder.path, "inbox.sqlite") } });
  await bot.round();
  await bot.answered();
  const allServed = Promise.withResolvers<void>();
  let next = 2_000_000_000;
  bot.api.inject({
    fault: ({ response }) => {
      // With a real update, so that the next poll comes at once.
      const batch = [...batches.pop()!, { update_id: next++, levitation: {} }];
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ ok: true, result: batch }));
      if (batches.length === 0) allServed.resolve();
    },
    on: POLLS,
    times: BATCHES,
  });
  await bot.round();
  await allServed.promise;
  await bot.round();
  for (let chat = 1; chat <= 5; chat++) await bot.hears(chat, "3 1");
  assert.equal(await isSettled(bot.server.closed), false);
});

/** True for a 429: the call would be repeated, a second later. */
const isTooMany = (status: number, body: string) => status === 429 || /"error_code":429\b/.test(body);

const answer = fc
  .tuple(
    fc.oneof(fc.constant(200), fc.constantFrom(201, 206, 301, 400, 401, 403, 404, 409, 418, 500, 502, 599)),
    fc.oneof(
      anyText(),
      value.map((anything) => JSON.stringify(anything)),
      fc
        .record(
          { ok: value, result: value, error_code: value, description: value, parameters: value },
          { requiredKeys: [] },
        )
        .map((fields) => JSON.stringify(fields)),
      fc
        .record({ result: value, error_code: value, description: value, parameters: value }, { requiredKeys: [] })
        .map((fields) => JSON.stringify({ ok: false, ...fields })),
    ),
  )
  .filter(([status, body]) => !isTooMany(status, body));

test("answers of every shape are results or errors of this package, and hold up no other call", async () => {
  await using sender = await Sender.start({ seed: 1 });
  for (const [status, body] of fc.sample(answer, { numRuns: 500, seed: 1 })) {
    sender.api.inject({
      fault: ({ response }) => void response.writeHead(status, { "content-type": "application/json" }).end(body),
      on: /^sendMessage$/,
      times: 1,
    });
    await sender.say(1, "hello").catch((error) => {
      assert.ok(error instanceof NetworkError || error instanceof TelegramError, `${status} ${body}: ${error}`);
      assert.equal(typeof error.message, "string");
    });
  }
  await sender.say(1, "the last");
  assert.deepEqual(await sender.heard(1), ["the last"]);
});
