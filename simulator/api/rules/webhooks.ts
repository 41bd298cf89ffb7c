/** Webhooks: https://core.telegram.org/bots/webhooks, `Client::do_set_webhook` and WebhookActor.cpp. */

import { isIP } from "node:net";
import type { Call } from "../call.ts";
import { type Link, parseLink } from "../links.ts";
import { badRequest } from "../refusal.ts";
import type { Telegram } from "../telegram.ts";

const MAX_SECRET = 256;
const PORTS = [443, 80, 88, 8443];

/** Blocks of IPv4 addresses that no public host has, with the number of their bits. */
const RESERVED: readonly [address: string, bits: number][] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
];

/** A webhook without a URL is deleted. @throws Refusal (400) */
export function checkWebhook(call: Call, { local, webhook }: Telegram): void {
  const url = call.string("url");
  if (url === undefined) return;
  const link = webhookLink(url);
  const secret = call.string("secret_token") ?? "";
  if (Buffer.byteLength(secret) > MAX_SECRET) throw badRequest("secret token is too long");
  if (!/^[\w-]*$/.test(secret)) throw badRequest("secret token contains unallowed characters");
  // The addresses of bots that are tried on this machine.
  if (!local && webhook === undefined) checkAddress(link, call.string("ip_address"));
}

/** @throws Refusal (400) */
export function webhookLink(url: string): Link {
  try {
    return parseLink(url, "https");
  } catch {
    throw badRequest("invalid webhook URL specified");
  }
}

function checkAddress({ protocol, port, host }: Link, ip_address: string | undefined): void {
  if (protocol === "http") throw badRequest("bad webhook: An HTTPS URL must be provided for webhook");
  if (!PORTS.includes(port)) throw badRequest("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443");
  if (ip_address !== undefined) return checkIp(ip_address);
  const address = host.toLowerCase() === "localhost" ? "127.0.0.1" : host.replaceAll(/^\[|\]$/g, "");
  if (isIP(address) !== 0) checkIp(address);
}

function checkIp(address: string): void {
  if (isIP(address) === 0) throw badRequest("bad webhook: Invalid IP address specified");
  if (isIP(address) === 6) throw badRequest("bad webhook: IPv6-only addresses are not allowed");
  const number = numberOf(address);
  if (RESERVED.some(([block, bits]) => number >>> (32 - bits) === numberOf(block) >>> (32 - bits))) {
    throw badRequest(`bad webhook: IP address ${address} is reserved`);
  }
}

/** An IPv4 address as a number of 32 bits. */
const numberOf = (address: string) => address.split(".").reduce((number, part) => (number << 8) | Number(part), 0);
