import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { ConfigError } from "../../src/protocol/errors.ts";
import { readWebhookTls } from "../../src/telegram/webhook-tls.ts";
import { Certificate } from "../network/certificate.ts";

const keyOf = ({ path }: Certificate) => join(dirname(path), "key.pem");

test("a certificate is read alone, or with its key", async () => {
  using own = new Certificate();
  const { cert, key } = own;
  assert.deepEqual(await readWebhookTls(false, false), { cert: undefined, key: undefined });
  assert.deepEqual(await readWebhookTls(own.path, false), { cert, key: undefined });
  assert.deepEqual(await readWebhookTls(own.path, keyOf(own)), { cert, key });
});

test("files that cannot be read, or used together, are a wrong configuration", async () => {
  using own = new Certificate();
  using other = new Certificate();
  const cases = [
    [own.path, "/nowhere/key.pem", /^--webhook-key: \/nowhere\/key\.pem cannot be read/],
    [own.path, keyOf(other), /^--webhook-certificate and --webhook-key cannot be used together/],
    [keyOf(own), keyOf(own), /^--webhook-certificate and --webhook-key cannot be used together/],
  ] as const;
  for (const [certificate, key, message] of cases) {
    await assert.rejects(
      readWebhookTls(certificate, key),
      (error) => error instanceof ConfigError && message.test(error.message),
    );
  }
});
