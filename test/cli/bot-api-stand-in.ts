/** The part of the Bot API that a server needs to start. It knows one bot, which never receives an update. */

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export const TOKEN = "123456789:AAE-abcdefghijklmnopqrstuvwxyz_0123";

const BOT = { id: 123456789, is_bot: true, first_name: "Bot", username: "stand_in_bot" };

export class BotApiStandIn implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<BotApiStandIn> {
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const answer = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body));
      const [, token, method] = /^\/bot([^/]+)\/(\w+)/.exec(request.url!) ?? [];
      if (token !== TOKEN) return answer(401, { ok: false, error_code: 401, description: "Unauthorized" });
      if (method !== "getUpdates") return answer(200, { ok: true, result: method === "getMe" ? BOT : true });
      const { timeout = 0 } = JSON.parse(Buffer.concat(chunks).toString() || "{}");
      const timer = setTimeout(() => answer(200, { ok: true, result: [] }), timeout * 1000);
      response.once("close", () => clearTimeout(timer));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new BotApiStandIn(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
