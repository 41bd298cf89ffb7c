/** HTTP requests with headers that fetch() does not let one set. */

import { once } from "node:events";
import { type IncomingMessage, type RequestOptions, request } from "node:http";
import { text } from "node:stream/consumers";

/** The answer to a request whose body is begun and not ended. */
export async function requestRaw(
  url: string,
  { body, ...options }: RequestOptions & { body?: string },
): Promise<{ status: number; text: string }> {
  const outgoing = request(url, options);
  // The server may close the connection, as it need not read the body.
  outgoing.on("error", () => {});
  if (body === undefined) outgoing.end();
  else outgoing.write(body);
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  const answer = { status: response.statusCode!, text: await text(response) };
  outgoing.destroy();
  return answer;
}
