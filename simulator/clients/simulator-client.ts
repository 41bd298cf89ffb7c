/** The client side of a simulator in another process. */

import { ActionError, type ActionName, type Gives, type Takes } from "./actions/actions.ts";
import { ClientSide } from "./client-side.ts";

export class SimulatorClient extends ClientSide {
  readonly #url: string;

  /**
   * @param url of the simulator: `http://127.0.0.1:8081`
   * @param token of the bot whose world is meant; default: the simulator's own
   */
  constructor(url: string, token?: string) {
    super();
    this.#url = `${url.replace(/\/$/, "")}/simulator${token === undefined ? "" : `/bot${token}`}`;
  }

  readonly perform = async <A extends ActionName>(name: A, takes: Takes<A>): Promise<Gives<A>> => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${this.#url}/${name}`, { method: "POST", headers, body: JSON.stringify(takes) });
    const reply = (await response.json()) as { ok: true; result: Gives<A> } | { ok: false; error: string };
    if (!reply.ok) throw new ActionError(reply.error);
    return reply.result;
  };
}
