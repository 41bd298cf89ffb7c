/** The certificate of a webhook, and its private key. */

import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { ConfigError } from "../protocol/errors.ts";

export interface WebhookTls {
  /** The certificate that Telegram is to trust, as PEM. */
  readonly cert: string | undefined;
  /** Its key: then the HTTP server speaks TLS itself. */
  readonly key: string | undefined;
}

/** Reads the files of --webhook-certificate and --webhook-key. @throws ConfigError if they cannot be read, or used together */
export async function readWebhookTls(certificate: string | false, keyFile: string | false): Promise<WebhookTls> {
  const cert = await readPem(certificate, "--webhook-certificate");
  const key = await readPem(keyFile, "--webhook-key");
  if (cert === undefined || key === undefined) return { cert, key };
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new ConfigError(`--webhook-certificate and --webhook-key cannot be used together: ${reason}`, { cause });
  }
  return { cert, key };
}

async function readPem(path: string | false, option: string): Promise<string | undefined> {
  if (path === false) return undefined;
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new ConfigError(`${option}: ${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}
