import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { checkListen } from "../../../src/cli/check/listen.ts";

const found = async (address: string | false) => (await checkListen(address)).map(({ is, text }) => `${is}: ${text}`);

test("a free address is left free", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  assert.match(
    (await found(address))[0]!,
    /^warning: cannot listen on 127\.0\.0\.1:\d+: something listens there already/,
  );
  server.close();
  await once(server, "close");
  assert.deepEqual(await found(address), [`ok: ${address} is free`]);
  assert.deepEqual(await found(address), [`ok: ${address} is free`]);
});

test("an address of another machine is a problem", async () => {
  const [finding] = await checkListen("192.0.2.1:8082");
  assert.equal(finding!.is, "problem");
  assert.equal((finding!.error as Error & { code: string }).code, "ASGIGRAM_LISTEN");
});

test("without --listen there is no address to check", async () => {
  assert.deepEqual(await found(false), []);
});
