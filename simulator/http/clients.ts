/**
 * The client side over HTTP, for tests in another process or another language:
 *
 *   POST /simulator/<action>   parameters as JSON; { "ok": true, "result": … }, or 400 { "ok": false, "error": … }
 *   GET  /simulator/stream     every ChatEvent from now on, as server-sent events
 *
 * clients/actions/actions.ts lists the actions. To read the bot's messages without a stream, poll
 * `POST /simulator/events { "chat_id", "after", "timeout" }` with the last `seq` as `after`. For example:
 *
 *   curl -d '{"name":"ann"}' localhost:8081/simulator/user                            {"ok":true,"result":{"id":7000000001,…}}
 *   curl -d '{"user_id":7000000001,"content":{"text":"hi"}}' localhost:8081/simulator/send
 *   curl -d '{"chat_id":7000000001,"timeout":5000}' localhost:8081/simulator/events
 */

import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import type { ActionName, Perform } from "../clients/actions/actions.ts";
import type { Journal } from "../state/journal.ts";

/** @param isAction true if there is an action with this name */
export function clientRoutes(perform: Perform, isAction: (name: string) => name is ActionName, journal: Journal): Hono {
  const app = new Hono();
  app.post("/:action", async (c) => {
    const name = c.req.param("action");
    if (!isAction(name)) return c.json({ ok: false, error: `there is no action ${name}` }, 404);
    try {
      const text = await c.req.text();
      const result = await perform(name, text === "" ? {} : JSON.parse(text));
      return c.json({ ok: true, result });
    } catch (error) {
      return c.json({ ok: false, error: (error as Error).message }, 400);
    }
  });
  app.get("/stream", (c) =>
    streamSSE(c, async (stream) => {
      const ended = Promise.withResolvers<void>();
      const stop = journal.observe((event) => {
        void stream.writeSSE({ id: String(event.seq), event: event.type, data: JSON.stringify(event) });
      });
      stream.onAbort(() => ended.resolve());
      await ended.promise;
      stop();
    }),
  );
  return app;
}
