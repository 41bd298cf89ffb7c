import assert from "node:assert/strict";
import { once } from "node:events";
import http2 from "node:http2";
import https from "node:https";
import { after, suite, test } from "node:test";
import { connect as connectByName } from "node:tls";
import { request, fetch as undiciFetch } from "undici";
import { answerRequests } from "../../../workers/program/seams.ts";
import { LocalCalls, OTHER_TOKEN, TOKEN } from "./local-calls.ts";

const REFUSAL = /the program calls api\.telegram\.org by a client of its own/;

suite("a connection to Telegram", () => {
  after(answerRequests(new LocalCalls().api));

  test("undici's own functions are refused", async () => {
    const url = `https://api.telegram.org/bot${TOKEN}/getMe`;
    await assert.rejects(request(url), REFUSAL);
    await assert.rejects(undiciFetch(url), ({ cause }: Error) => REFUSAL.test((cause as Error).message));
  });

  test("HTTP/2, and sockets of its own, are refused", async () => {
    const session = http2.connect("https://api.telegram.org");
    const [error] = await once(session, "error");
    assert.match(error.message, REFUSAL);
    const [other] = await once(connectByName(443, "api.telegram.org"), "error");
    assert.match(other.message, REFUSAL);
  });

  test("requests of another bot, and connections to other hosts, go their way", async () => {
    const url = `https://api.telegram.org/bot${OTHER_TOKEN}/getMe`;
    // Stands for the network: a test reaches none.
    const lookup = (_host: string, _options: object, done: (error: Error) => void) => done(new Error("no network"));
    const [error] = await once(https.get(url, { lookup: lookup as never, agent: false }), "error");
    assert.match(error.message, /no network/);
    const other = connectByName({ host: "example.org", port: 443, lookup: lookup as never });
    assert.match((await once(other, "error"))[0].message, /no network/);
  });
});
