/**
 * Webhooks through real nginx and Caddy, with TLS and the lines of docs/webhooks.md. `npm run test:proxies` installs both, as root on
 * Debian.
 */

import assert from "node:assert/strict";
import { Agent, request } from "node:https";
import { test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { Bot, callsOf, message } from "../end-to-end/bot.ts";
import { eventually } from "../eventually.ts";
import { Folder } from "../folder.ts";
import { Certificate } from "../network/certificate.ts";
import { freePort } from "../network/free-port.ts";
import { type ProxyName, WebProxy } from "./web-proxy.ts";

const CHATS = 20;
/** Messages between two disturbances. */
const SIZE = 200;
/** A body over 1 MB is refused. */
const TOO_LONG = "x".repeat(1.1 * 2 ** 20);

for (const name of ["nginx", "Caddy"] satisfies ProxyName[]) {
  test(`behind ${name} nothing is lost or out of order, while bot and proxy are killed and started again`, async () => {
    using folder = new Folder();
    using certificate = new Certificate();
    const [port, to] = [await freePort(), await freePort()];
    await using proxy = new WebProxy(name, { port, to, certificate });
    await proxy.start();
    await using simulator = await Simulator.start({ webhooks: { second: 20 } });
    const args = [
      ...["--workers", "1", "--inbox", folder.join("inbox.sqlite")],
      ...["--webhook", `https://127.0.0.1:${port}/bots`, "--webhook-listen", `127.0.0.1:${to}`],
      ...["--webhook-certificate", certificate.path],
    ];
    const start = async () => {
      const bot = new Bot("apps/echo.ts", simulator, args);
      await bot.logged(({ msg }) => msg === "the webhook is set");
      return bot;
    };
    await using bots = new AsyncDisposableStack();
    let bot = bots.use(await start());

    const url = new URL(String(simulator.calls.findLast(({ method }) => method === "setWebhook")!.parameters.url));
    const refused = [post(url, certificate, "{}"), post(new URL("/other", url), certificate, "{}")];
    assert.deepEqual(await Promise.all(refused), [401, 404]);
    assert.equal(await post(url, certificate, TOO_LONG), name === "nginx" ? 413 : 401);

    let sent = 0;
    const push = async () => {
      await simulator.pushMany(Array.from({ length: SIZE }, () => message(1 + (sent % CHATS), `${sent++}`)));
      await callsOf(simulator, "sendMessage", sent - SIZE / 2);
    };
    await push();
    await bot.end("SIGKILL");
    bot = bots.use(await start());
    await push();
    await proxy.stop();
    await simulator.pushMany([
      message(1, `${sent++}`),
      ...Array.from({ length: CHATS - 1 }, (_, i) => message(i + 2, `${sent++}`)),
    ]);
    await eventually(
      () => simulator.pending > 0,
      () => simulator.pending,
    );
    await proxy.start();
    await push();
    await bot.end("SIGTERM");
    bot = bots.use(await start());
    await push();

    const heard = (chat: number) => [...new Set(textsTo(simulator, chat))];
    const all = () => Array.from({ length: CHATS }, (_, i) => heard(i + 1));
    await eventually(
      () => all().flat().length === sent,
      () => [all(), simulator.pending, bot.log.slice(-10)],
    );
    for (const texts of all())
      assert.deepEqual(
        texts,
        texts.toSorted((one, other) => one - other),
      );
    assert.equal((await bot.end()).code, 0);
    assert.equal(simulator.pending, 0);
  });
}

/** The numbers that the bot has echoed to the chat. */
function textsTo({ calls }: Simulator, chat: number): number[] {
  const sends = calls.filter(({ method, parameters }) => method === "sendMessage" && parameters.chat_id === chat);
  return sends.map(({ parameters }) => Number(JSON.parse(String(parameters.text)).text));
}

/** Posts without the secret. @returns the status of the answer */
async function post(url: URL, certificate: Certificate, body: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const headers = { "content-type": "application/json" };
  const agent = new Agent({ ca: certificate.cert });
  const posted = request(url, { method: "POST", headers, agent }, (response) => {
    response.resume();
    resolve(response.statusCode!);
  });
  posted.on("error", reject);
  posted.end(body);
  return await promise.finally(() => agent.destroy());
}
