/**
 * The users' side over HTTP, for tests in another process or another language:
 *
 *   POST   /simulator/<action>             parameters as JSON; { "ok": true, "result": … }, or 400 { "ok": false, "error": … }
 *   GET    /simulator/stream               every ChatEvent from now on, as server-sent events
 *   DELETE /simulator                      ends the world: the next call finds a fresh one
 *   GET    /simulator/bots                 the bots that have a world
 *   GET    /simulator/openapi.json         all of this, for programs
 *   GET    /simulator/snapshot, /live      what the page in the browser shows, and what happens after that; ?person=<id> is the one who looks
 *   GET    /simulator/files/<file_id>      a message's file, in a form that is safe to show
 *
 * `/simulator/bot<token>` in place of `/simulator` means the world of that bot. clients/actions/actions.ts lists the actions. For example:
 *
 *   curl --json '{"name":"ann"}' localhost:8081/simulator/user                            {"ok":true,"result":{"id":7000000001,…}}
 *   curl --json '{"user_id":7000000001,"content":{"text":"hi"}}' localhost:8081/simulator/send
 *   curl --json '{"chat_id":7000000001}' localhost:8081/simulator/next                    the bot's answer, once it is there
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { Refusal } from "../api/refusal.ts";
import { type BotWorld, isAction } from "../bot-world.ts";
import type { ActionName, Takes } from "../clients/actions/actions.ts";
import type { Worlds } from "../worlds.ts";
import { checkParameters } from "./action-parameters.ts";
import { readBody } from "./body.ts";
import { worldAt } from "./bot-routes.ts";
import { refusalOfName, refusalOfPage } from "./guard.ts";
import { live, stream } from "./live.ts";
import { messageFile } from "./page.ts";
import { jsonReply, type Reply, write } from "./reply.ts";

/** A file of 50 MB in base64, and the rest of the action. */
const LONGEST_BODY = 70 * 2 ** 20;

/** The path of a message's file, before its file_id. */
const FILES = "files/";

const SAFE = { "x-content-type-options": "nosniff" };

export interface ControlOptions {
  /** Of the path behind /simulator. */
  readonly segments: readonly string[];
  readonly worlds: Worlds;
  /** Host names by which it may be asked, beside localhost and IP addresses. */
  readonly hosts: ReadonlySet<string>;
}

export async function control(
  incoming: IncomingMessage,
  response: ServerResponse,
  { segments, worlds, hosts }: ControlOptions,
): Promise<void> {
  try {
    const reason = refusalOfPage(incoming.headers) ?? refusalOfName(incoming.headers, hosts);
    if (reason !== undefined) throw new Refusal(403, reason);
    const bot = /^bot\d/.test(segments[0] ?? "") ? segments[0] : undefined;
    const name = segments.slice(bot === undefined ? 0 : 1).join("/");
    const world = bot === undefined ? worlds.own : worldAt(bot, worlds);
    if (incoming.method === "GET" && name === "stream") return stream(response, world);
    if (incoming.method === "GET" && name === "live") return live(response, world);
    write(response, await answer(incoming, name, world, worlds));
  } catch (error) {
    const [status, message] =
      error instanceof Refusal ? [error.error_code, error.description] : [400, (error as Error).message];
    write(response, jsonReply(status, JSON.stringify({ ok: false, error: message }), SAFE), status === 413);
  }
}

async function answer(incoming: IncomingMessage, name: string, world: BotWorld, worlds: Worlds): Promise<Reply> {
  switch (`${incoming.method} ${name}`) {
    case "GET openapi.json":
      return jsonReply(200, JSON.stringify((await import("./open-api.ts")).openApi()), SAFE);
    case "GET snapshot":
      return result(world.snapshot(personIn(incoming.url!)));
    case "GET bots":
      return result(worlds.all.map(({ token, bot }) => ({ token, bot })));
    case "DELETE ":
      return result(worlds.forget(world.token));
  }
  if (incoming.method === "GET" && name.startsWith(FILES)) return messageFile(world, name.slice(FILES.length));
  if (!isAction(name)) throw new Refusal(404, `there is no action ${name}`);
  if (incoming.method !== "POST") throw new Refusal(405, `${name} is an action: use POST`);
  return result(await world.perform(name, await readTakes(incoming, name)));
}

const personIn = (url: string) => Number(new URLSearchParams(url.split("?")[1]).get("person"));

const result = (value: unknown) => jsonReply(200, JSON.stringify({ ok: true, result: value }), SAFE);

/** @throws Refusal */
async function readTakes<A extends ActionName>(incoming: IncomingMessage, name: A): Promise<Takes<A>> {
  const body = await readBody(incoming, LONGEST_BODY);
  if (body.length === 0) return checkParameters(name, {});
  if (!/^application\/json\s*(;|$)/i.test(incoming.headers["content-type"] ?? "")) {
    throw new Refusal(415, "the body is JSON: send it with the header content-type: application/json");
  }
  return checkParameters(name, JSON.parse(`${body}`));
}
