import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { findListenAddress, parseAddress, urlOf } from "../../src/config/listen-address.ts";
import { ConfigError } from "../../src/protocol/errors.ts";

const cwd = mkdtempSync(join(tmpdir(), "asgigram-listen-"));
after(() => rmSync(cwd, { recursive: true }));

test("an address is a host and a port; a server on every interface is reached on loopback", () => {
  const addresses: [address: string, host: string, port: number, url: string][] = [
    ["127.0.0.1:8082", "127.0.0.1", 8082, "http://127.0.0.1:8082"],
    ["localhost:1", "localhost", 1, "http://localhost:1"],
    ["[::1]:65535", "::1", 65535, "http://[::1]:65535"],
    ["0.0.0.0:80", "0.0.0.0", 80, "http://127.0.0.1:80"],
    ["[::]:8082", "::", 8082, "http://127.0.0.1:8082"],
  ];
  for (const [address, host, port, url] of addresses) {
    assert.deepEqual(parseAddress(address), { host, port });
    assert.equal(urlOf({ host, port }), url);
  }
});

test("the address is found as the server finds it, without token and application; the default is that of a bare --listen", async () => {
  writeFileSync(join(cwd, "conf.json"), '{ "listen": "10.0.0.1:3" }');
  const find = (flags: object, env: { [name: string]: string } = {}) => findListenAddress({ flags, env, cwd });
  assert.deepEqual(await find({}), { host: "127.0.0.1", port: 8082 });
  assert.deepEqual(await find({ config: "conf.json" }), { host: "10.0.0.1", port: 3 });
  assert.deepEqual(await find({ config: "conf.json" }, { ASGIGRAM_LISTEN: ":2" }), { host: "::", port: 2 });
  assert.deepEqual(await find({ listen: "1" }, { ASGIGRAM_LISTEN: ":2" }), { host: "127.0.0.1", port: 1 });
});

test("a server that does not listen cannot be asked", async () => {
  const env = { ASGIGRAM_LISTEN: "off" };
  await assert.rejects(findListenAddress({ flags: {}, env, cwd }), (error) => {
    assert(error instanceof ConfigError);
    assert.match(error.message, /^ASGIGRAM_LISTEN is off, so the server cannot be asked$/);
    return true;
  });
});
