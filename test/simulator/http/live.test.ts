import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { BotWorld } from "../../../simulator/bot-world.ts";
import { stream } from "../../../simulator/http/live.ts";
import { Listener } from "../../network/listener.ts";

test("a reader that takes nothing is cut off before what waits for it fills the memory", async () => {
  const observed = Promise.withResolvers<(event: object) => void>();
  let isObserved = true;
  const journal = {
    observe: (take: (event: object) => void) => {
      observed.resolve(take);
      return () => {
        isObserved = false;
      };
    },
  };
  const world = { journal, closed: new AbortController().signal } as unknown as BotWorld;
  await using server = new Listener(createServer((_, response) => stream(response, world)));
  await server.listen(0, "127.0.0.1");
  const reader = connect(server.port, "127.0.0.1");
  server.keep(reader);
  await once(reader, "connect");
  reader.write("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
  const happens = await observed.promise;
  const event = { type: "message", text: "x".repeat(2 ** 20) };
  let count = 0;
  // The system keeps some MB for the reader, too.
  for (; isObserved && count < 200; count++) {
    happens(event);
    await setImmediate();
  }
  assert.ok(!isObserved, `${count} MB wait`);
  assert.ok(count > 16, "a reader may be late for a while");
});
