import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Environment, environmentProxy } from "../../src/config/environment-proxy.ts";
import { ConfigError } from "../../src/protocol/errors.ts";

const TELEGRAM = "https://api.telegram.org";
const OWN = "http://bot-api.corp:8081/prefix";

describe("the variable in force", () => {
  const all = { http_proxy: "http://a:1", https_proxy: "http://b:2", all_proxy: "socks5://c:3" };
  const inCapitals = { HTTP_PROXY: "http://A:1", HTTPS_PROXY: "http://B:2", ALL_PROXY: "socks5://C:3" };
  const rows: [env: Environment, url: string, value: string | false, source: string | undefined][] = [
    [{}, TELEGRAM, false, undefined],
    [all, TELEGRAM, "http://b:2", "https_proxy"],
    [all, OWN, "http://a:1", "http_proxy"],
    [inCapitals, TELEGRAM, "http://b:2", "HTTPS_PROXY"],
    [{ ...inCapitals, ...all }, TELEGRAM, "http://b:2", "https_proxy"],
    [{ ...inCapitals, https_proxy: "" }, TELEGRAM, "http://b:2", "HTTPS_PROXY"],
    [{ all_proxy: "socks5://c:3" }, TELEGRAM, "socks5://c:3", "all_proxy"],
    [{ ALL_PROXY: "socks5h://c:3" }, OWN, "socks5h://c:3", "ALL_PROXY"],
    [{ http_proxy: "http://a:1" }, TELEGRAM, false, undefined],
    [{ https_proxy: "http://b:2" }, OWN, false, undefined],
    [{ https_proxy: "proxy.corp:3128" }, TELEGRAM, "http://proxy.corp:3128", "https_proxy"],
    [{ https_proxy: "ann:secret@proxy.corp" }, TELEGRAM, "http://ann:secret@proxy.corp", "https_proxy"],
    [{ https_proxy: " http://b:2/ " }, TELEGRAM, "http://b:2", "https_proxy"],
  ];
  for (const [env, url, value, source] of rows) {
    test(`${JSON.stringify(env)} for ${url} is ${source ?? "none"}`, () => {
      assert.deepEqual(environmentProxy(env, url), { value, source });
    });
  }
});

describe("NO_PROXY", () => {
  const reachedWithout = (noProxy: string, url: string): boolean => {
    const env = { all_proxy: "http://proxy.corp:3128", no_proxy: noProxy };
    return environmentProxy(env, url).value === false;
  };

  const rows: [url: string, without: string[], through: string[]][] = [
    [
      TELEGRAM,
      ["*", "api.telegram.org", "telegram.org", ".telegram.org", "*.telegram.org", "API.Telegram.ORG", "org"],
      [
        "",
        "telegram",
        "api",
        "elegram.org",
        "pi.telegram.org",
        "x.api.telegram.org",
        "10.0.0.0/8",
        ".",
        "api.telegram.org:80",
      ],
    ],
    [
      TELEGRAM,
      ["a,telegram.org", "a telegram.org b", " , telegram.org", "api.telegram.org:443", "*:443"],
      ["a,b", "*:80", "api.telegram.org:", "https://api.telegram.org"],
    ],
    ["https://api.telegram.org.", ["telegram.org"], []],
    ["http://bot-api:8081", ["bot-api", "bot-api:8081"], ["bot-api:80", "bot"]],
    ["http://bot-api", ["bot-api:80"], ["bot-api:443"]],
    [
      "http://10.1.2.3:8081",
      ["10.1.2.3", "10.0.0.0/8", "10.1.2.3/32", "0.0.0.0/0", "10.1.2.3:8081", "*"],
      ["10.1.2.4", "10.1.2", "1.2.3", "11.0.0.0/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/x", "::/0", "10.1.2.3:80"],
    ],
    [
      "http://[2001:db8::1]:8081",
      ["2001:db8::1", "2001:DB8:0::1", "[2001:db8::1]", "[2001:db8::1]:8081", "2001:db8::/32"],
      ["2001:db8::2", "[2001:db8::1]:80", "2001:db9::/32", "0.0.0.0/0", "2001:db8::/129"],
    ],
  ];
  for (const [url, without, through] of rows) {
    test(`NO_PROXY for ${url}`, () => {
      for (const list of without) assert.ok(reachedWithout(list, url), `"${list}" is to spare it`);
      for (const list of through) assert.ok(!reachedWithout(list, url), `"${list}" is not to spare it`);
    });
  }

  test("NO_PROXY is named as the source", () => {
    const env = { https_proxy: "http://b:2", NO_PROXY: "telegram.org" };
    assert.deepEqual(environmentProxy(env, TELEGRAM), { value: false, source: "NO_PROXY" });
  });

  test("NO_PROXY need not name this machine itself", () => {
    for (const host of ["localhost", "x.localhost", "127.0.0.1", "127.9.9.9", "[::1]"]) {
      assert.ok(reachedWithout("", `http://${host}:8081`), host);
    }
  });
});

test("a variable in force that holds no proxy URL is refused by name, without its password", () => {
  for (const value of ["socks4://ann:secret@h:1", "ftp://ann:secret@h", "http://", "http://h:1/path", "a b"]) {
    assert.throws(
      () => environmentProxy({ HTTPS_PROXY: value }, TELEGRAM),
      (error) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, /^HTTPS_PROXY is .*: it must be a proxy's URL/);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      },
    );
    assert.equal(environmentProxy({ HTTPS_PROXY: value }, OWN).value, false);
    assert.equal(environmentProxy({ HTTPS_PROXY: value, NO_PROXY: "*" }, TELEGRAM).value, false);
  }
});
