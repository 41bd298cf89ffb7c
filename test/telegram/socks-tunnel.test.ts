import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ConnectError, ProxyRefusesUserError } from "../../src/telegram/connect-error.ts";
import { ProxyServer } from "../../src/telegram/proxy-server.ts";
import { openSocksTunnel } from "../../src/telegram/socks-tunnel.ts";
import { HANG_UP, Script } from "../network/script.ts";

const TARGET = { host: "api.telegram.org", port: 443 };
const WELCOME = "\x05\x00";
const DONE = "\x05\x00\x00\x01\x7f\x00\x00\x01\x1f\x90";
const never = new AbortController().signal;

/** Opens a tunnel through the scripted proxy. */
async function open(script: Script, url = "socks5://proxy.test", target = TARGET): Promise<void> {
  await openSocksTunnel(script.socket, new ProxyServer(url), target, never);
}

describe("requests", () => {
  const hello = "050100";
  const rows: [what: string, target: typeof TARGET, bytes: string][] = [
    ["a name", TARGET, `0501000310${Buffer.from("api.telegram.org").toString("hex")}01bb`],
    ["IPv4", { host: "10.0.200.1", port: 8081 }, "050100010a00c8011f91"],
    [
      "IPv6",
      { host: "2001:db8::ff:1", port: 80 },
      "0501000420010db800000000000000000000ff00010050".replace("0000000000ff0001", "00000000ff0001"),
    ],
    ["IPv6 of nothing but zeros", { host: "::", port: 80 }, `05010004${"00".repeat(16)}0050`],
    ["IPv6 in full", { host: "1:2:3:4:5:6:7:8", port: 80 }, "0501000400010002000300040005000600070008" + "0050"],
  ];
  for (const [what, target, bytes] of rows) {
    test(`a request to reach ${what}`, async () => {
      await using script = await Script.start([WELCOME, DONE]);
      await open(script, undefined, target);
      assert.equal(script.heard.toString("hex"), hello + bytes);
    });
  }
});

describe("answers", () => {
  test("an answer may come a byte at a time, with any address in it; the bytes behind it are the target's", async () => {
    const address = { IPv4: "\x01abcd", name: "\x03\x05abcde", IPv6: `\x04${"a".repeat(16)}` };
    for (const bound of Object.values(address)) {
      const answer = `\x05\x00\x00${bound}PPhello`;
      for (const answers of [[`${WELCOME}${answer}`], [[...WELCOME], [...answer]]]) {
        await using script = await Script.start(answers);
        await open(script);
        assert.equal(await script.next(5), "hello");
      }
    }
  });

  test("a refusal is an error that names the proxy, the target and the reason", async () => {
    const reasons = {
      1: "general failure",
      2: "not allowed",
      4: "host unreachable",
      5: "connection refused",
      99: "error 99",
    };
    for (const [reply, reason] of Object.entries(reasons)) {
      await using script = await Script.start([WELCOME, `\x05${String.fromCharCode(Number(reply))}\x00\x01abcdPP`]);
      await assert.rejects(open(script), (error) => {
        assert.ok(error instanceof ConnectError);
        assert.equal(error.message, `the proxy proxy.test:1080 does not connect to api.telegram.org:443 (${reason})`);
        return true;
      });
    }
  });

  test("a refused user is an error with the remedy", async () => {
    for (const [url, answers, remedy] of [
      ["socks5://proxy.test", ["\x05\xff"], /wants a user and a password/],
      ["socks5://proxy.test", ["\x05\x02"], /wants a user and a password/],
      ["socks5://ann:secret@proxy.test", ["\x05\xff"], /does not accept the user/],
      ["socks5://ann:secret@proxy.test", ["\x05\x02", "\x01\x01"], /does not accept the user/],
    ] as const) {
      await using script = await Script.start(answers);
      await assert.rejects(open(script, url), (error) => {
        assert.ok(error instanceof ProxyRefusesUserError);
        assert.match(error.message, remedy);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      });
    }
  });

  test("an answer that is not SOCKS5 is an error", async () => {
    for (const answers of [["HTTP/1.1 400 Bad Request"], [WELCOME, "\x04\x00"]]) {
      await using script = await Script.start(answers);
      await assert.rejects(open(script), /^Error: the proxy proxy\.test:1080 does not speak SOCKS5$/);
    }
  });

  test("an answer that breaks off is an error", async () => {
    for (const answers of [[HANG_UP], [["\x05", HANG_UP]], [WELCOME, ["\x05\x00\x00\x01ab", HANG_UP]]] as const) {
      await using script = await Script.start(answers);
      await assert.rejects(open(script), { code: "ECONNRESET" });
    }
  });
});

test("user and password are sent to a proxy that asks for them", async () => {
  await using script = await Script.start(["\x05\x02", "\x01\x00", DONE]);
  await open(script, "socks5://ann:p%C3%A4ss@proxy.test");
  const said = script.heard.toString("hex");
  assert.ok(said.startsWith(`05020002${"0103616e6e0570c3a47373"}050100`), said);
});
