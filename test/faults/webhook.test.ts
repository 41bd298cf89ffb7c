/** A sender to the webhook that repeats, reorders, breaks off, sends what is no update, and lies about the secret: each update is handled once, in the order of arrival. */

import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { unsettledIn } from "../chaos/inbox-file.ts";
import { message } from "../end-to-end/bot.ts";
import { startServer } from "../end-to-end/server.ts";
import { eventually } from "../eventually.ts";
import { Folder } from "../folder.ts";
import { freePort } from "../network/free-port.ts";
import { seeds } from "../seeds.ts";
import { Random } from "./random.ts";

const CHATS = [1, 2, 3, 4, 5, 6, 7, 8];
const EACH = 25;
const FORGED = 1_000_000;

class HostileSender {
  readonly #port: number;
  readonly #path: string;
  readonly #secret: string;
  readonly #random: Random;
  readonly #confirmed: object[] = [];
  #forged = FORGED;

  constructor(port: number, path: string, secret: string, random: Random) {
    this.#port = port;
    this.#path = path;
    this.#secret = secret;
    this.#random = random;
  }

  /** Sends the update until it is confirmed, between other requests. */
  async send(update: object): Promise<void> {
    for (let status = 0; status !== 200; ) {
      while (this.#random.chance(0.5)) await this.#random.pick(this.#mischief)(update);
      status = await this.#post(JSON.stringify(update));
    }
    this.#confirmed.push(update);
  }

  readonly #mischief: readonly ((update: object) => Promise<void>)[] = [
    // A repeated update, and one whose answer was not waited for.
    async () => {
      const update = this.#confirmed.length > 0 && this.#random.pick(this.#confirmed);
      if (update) assert.equal(await this.#post(JSON.stringify(update)), 200);
    },
    async (update) => this.#breakOff(update, Number.POSITIVE_INFINITY),
    async (update) => this.#breakOff(update, this.#random.integer(0, 40)),
    async () => assert.equal(await this.#post(this.#forgery(), { path: `${this.#path.slice(0, -1)}!` }), 404),
    async () => assert.equal(await this.#post(this.#forgery(), { path: "/" }), 404),
    async () => assert.equal(await this.#post(this.#forgery(), { secret: this.#secret.toLowerCase() }), 401),
    async () => assert.equal(await this.#post(this.#forgery(), { secret: "" }), 401),
    async () => assert.equal(await this.#post(this.#forgery(), { type: "text/plain" }), 415),
    async () => assert.equal(await this.#post(this.#forgery(), { type: "" }), 415),
    async () => assert.equal(await this.#post(this.#forgery().slice(0, -2)), 400),
    async () => assert.equal(await this.#post("\u0000\uffff{"), 400),
    async () => assert.equal(await this.#post(this.#forgery("x".repeat(2 ** 20))), 413),
    async () => this.#write("GET \u0001 nonsense\r\n\r\n"),
  ];

  #forgery(text = "forged"): string {
    return JSON.stringify({ update_id: ++this.#forged, ...message(this.#random.pick(CHATS), text) });
  }

  async #post(body: string, { path = this.#path, secret = this.#secret, type = "application/json" } = {}) {
    const headers = { "content-type": type, "x-telegram-bot-api-secret-token": secret };
    const url = `http://127.0.0.1:${this.#port}${path}`;
    // A server that does not read a long body may close the connection before all of it is sent.
    const answer = await fetch(url, { method: "POST", headers, body: Buffer.from(body) }).catch(() => undefined);
    if (answer === undefined) return body.length > 2 ** 20 ? 413 : 0;
    assert.equal(await answer.text(), "");
    return answer.status;
  }

  /** Sends so many bytes of the body, and closes the connection. */
  async #breakOff(update: object, bytes: number): Promise<void> {
    const body = JSON.stringify(update);
    const head = [
      `POST ${this.#path} HTTP/1.1`,
      "host: x",
      "content-type: application/json",
      `x-telegram-bot-api-secret-token: ${this.#secret}`,
      `content-length: ${Buffer.byteLength(body)}`,
    ];
    await this.#write(`${head.join("\r\n")}\r\n\r\n${body.slice(0, bytes)}`);
  }

  async #write(text: string): Promise<void> {
    const socket = connect(this.#port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(text, () => socket.destroy());
    await new Promise((resolve) => socket.once("close", resolve));
  }
}

for (const seed of seeds()) {
  test(`with seed ${seed} each update is handled once, in the order of arrival, and no forged one is`, async () => {
    using folder = new Folder();
    await using simulator = await Simulator.start();
    // So that the chats exist; nothing asks for these.
    await simulator.pushMany(CHATS.map((chat) => message(chat, "")));
    const inbox = folder.join("inbox.sqlite");
    const port = await freePort();
    const webhook = { webhook: "https://bot.example.com", webhookListen: `127.0.0.1:${port}` };
    await using server = await startServer("echo", simulator, { inbox, ...webhook });
    const { parameters } = await eventually(
      () => simulator.calls.find(({ method }) => method === "setWebhook"),
      () => simulator.calls,
    );
    const { pathname: path } = new URL(String(parameters.url));
    const random = new Random(seed);
    const secret = String(parameters.secret_token);
    // Chats side by side, the messages of a chat one after the other; some before those with lower ids.
    const sent = CHATS.map((chat) => {
      const ids = Array.from({ length: EACH }, (_, i) => CHATS.length * i + chat);
      for (let i = 1; i < EACH; i++) if (random.chance(0.3)) ids.splice(i - 1, 2, ids[i]!, ids[i - 1]!);
      return ids;
    });
    await Promise.all(
      CHATS.map(async (chat, at) => {
        const sender = new HostileSender(port, path, secret, random.fork());
        for (const update_id of sent[at]!) await sender.send({ update_id, ...message(chat, `${update_id}`) });
      }),
    );
    await server.idle();
    for (const [at, chat] of CHATS.entries()) {
      const calls = simulator.calls.filter(
        ({ method, parameters }) => method === "sendMessage" && parameters.chat_id === chat,
      );
      assert.deepEqual(
        calls.map(({ parameters }) => Number(JSON.parse(String(parameters.text)).text)),
        sent[at],
        `chat ${chat}`,
      );
    }
    await server.stop();
    assert.equal(unsettledIn(inbox), 0);
  });
}
