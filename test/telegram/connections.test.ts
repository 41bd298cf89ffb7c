import assert from "node:assert/strict";
import dns from "node:dns";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { createServer as createTcpServer, type LookupFunction, type Server, Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { after, describe, type TestContext, test } from "node:test";
import tls from "node:tls";
import { inspect } from "node:util";
import { NetworkError } from "../../src/protocol/errors.ts";
import { BotApi, type BotApiOptions } from "../../src/telegram/bot-api.ts";
import { Certificate } from "../network/certificate.ts";
import { HttpProxy } from "../network/http-proxy.ts";
import { Listener } from "../network/listener.ts";
import { lookUp, type TestProxy } from "../network/proxy.ts";
import { SocksProxy } from "../network/socks-proxy.ts";
import { TlsFront } from "../network/tls-front.ts";
import { Deadlines } from "./deadlines.ts";

const TOKEN = "123456:AAsecret-token_of_this_bot";
const LOGIN = "ann:pä%:@ss";
const CREDENTIALS = `ann:${encodeURIComponent("pä%:@ss")}@`;
const never = new AbortController().signal;

/** The certificate of the servers here, which is trusted, and one that is not. */
const certificate = new Certificate("bot-api.test");
const forged = new Certificate("bot-api.test");
tls.setDefaultCACertificates([...tls.getCACertificates(), certificate.cert]);
after(() => {
  certificate[Symbol.dispose]();
  forged[Symbol.dispose]();
});

/** Listens on a port of its own until the test is over. @returns its port */
async function listen(t: TestContext, server: Server, host = "127.0.0.1", port = 0): Promise<number> {
  const listener = new Listener(server);
  await listener.listen(port, host);
  t.after(() => listener[Symbol.asyncDispose]());
  return listener.port;
}

/** A Bot API whose requests wait for the test to answer them. */
class Api {
  readonly held: ServerResponse[] = [];
  connections = 0;
  #wake = () => {};

  readonly server = createServer((request, response) => {
    request.resume();
    this.held.push(response);
    this.#wake();
  }).on("connection", () => {
    this.connections += 1;
  });

  /** Resolves with the waiting requests as soon as there are so many. */
  async requests(count: number): Promise<ServerResponse[]> {
    while (this.held.length < count) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.held.splice(0);
  }

  async answer(count: number, result: unknown = true): Promise<void> {
    for (const response of await this.requests(count)) response.end(JSON.stringify({ ok: true, result }));
  }
}

interface Reached {
  api: Api;
  client: BotApi;
  proxy: TestProxy | undefined;
}

const PROXIES: { [name: string]: () => Promise<{ proxy?: TestProxy; before?: string }> } = {
  "no proxy": async () => ({}),
  "an HTTP proxy": async () => ({ proxy: await HttpProxy.start(), before: "http://" }),
  "an HTTP proxy with a password": async () => ({
    proxy: await HttpProxy.start({ login: LOGIN }),
    before: `http://${CREDENTIALS}`,
  }),
  "an HTTPS proxy": async () => ({ proxy: await HttpProxy.start({ certificate }), before: "https://" }),
  "an HTTPS proxy with a password": async () => ({
    proxy: await HttpProxy.start({ certificate, login: LOGIN }),
    before: `https://${CREDENTIALS}`,
  }),
  "a SOCKS5 proxy": async () => ({ proxy: await SocksProxy.start(), before: "socks5://" }),
  "a SOCKS5 proxy with a password": async () => ({
    proxy: await SocksProxy.start({ login: LOGIN }),
    before: `socks5h://${CREDENTIALS}`,
  }),
};

interface ReachOptions extends Partial<BotApiOptions> {
  certificate?: Certificate;
}

/** A client, and a Bot API that it reaches through the named proxy. */
async function reach(t: TestContext, way: string, scheme: string, options: ReachOptions = {}): Promise<Reached> {
  const api = new Api();
  let apiUrl = `http://127.0.0.1:${await listen(t, api.server)}`;
  const { proxy, before } = await PROXIES[way]!();
  if (proxy !== undefined) t.after(() => proxy[Symbol.asyncDispose]());
  if (scheme === "https") {
    const front = await TlsFront.start(apiUrl, options.certificate ?? certificate);
    t.after(() => front[Symbol.asyncDispose]());
    // A name that only a proxy knows.
    apiUrl = `https://${proxy === undefined ? "localhost" : "bot-api.test"}:${front.port}`;
  }
  const by = proxy === undefined ? {} : { proxy: `${before}127.0.0.1:${proxy.port}` };
  const client = new BotApi({ token: TOKEN, apiUrl, connections: 3, ...by, ...options });
  t.after(() => client.close());
  return { api, client, proxy };
}

for (const way of Object.keys(PROXIES)) {
  for (const scheme of ["http", "https"]) {
    describe(`${scheme} over ${way}`, { concurrency: true }, () => {
      test("calls go over a limited number of connections that are kept, and polls over one of their own", async (t) => {
        const { api, client, proxy } = await reach(t, way, scheme);
        const calls = Array.from({ length: 9 }, () => client.call("sendMessage", { text: "ж".repeat(100_000) }));
        const poll = client.getUpdates({ offset: 1, limit: 100, timeout: 0, allowed_updates: [] }, never);
        for (let round = 0; round < 3; round++) {
          const first = round === 0;
          const responses = await api.requests(first ? 4 : 3);
          assert.equal(responses.length, first ? 4 : 3);
          for (const response of responses) response.end('{"ok":true,"result":[]}');
        }
        await Promise.all([...calls, poll]);
        assert.equal(api.connections, 4);
        if (proxy !== undefined) {
          assert.equal(proxy.asked.length, 4);
          const [host] = new Set(proxy.asked.map((target) => target.split(":")[0]));
          assert.equal(host, scheme === "https" ? "bot-api.test" : "127.0.0.1");
        }
      });

      test("a poll that hangs ends at its deadline, and the next one has a connection of its own", async (t) => {
        const deadlines = new Deadlines();
        const { api, client } = await reach(t, way, scheme, { wait: deadlines.wait });
        const poll = { offset: 1, limit: 100, timeout: 0, allowed_updates: [] };
        const hanging = assert.rejects(client.getUpdates(poll, never), /no answer in time/);
        await api.requests(1);
        deadlines.pass();
        await hanging;
        const again = client.getUpdates(poll, never);
        await api.answer(1, []);
        assert.deepEqual(await again, []);
        assert.equal(api.connections, 2);
      });

      test("keep-alive probes are on for a silent connection", async (t) => {
        const asked = t.mock.method(Socket.prototype, "setKeepAlive");
        const { api, client } = await reach(t, way, scheme);
        const call = client.call("getMe");
        await api.answer(1);
        await call;
        assert.ok(asked.mock.calls.some(({ arguments: [isOn, delay] }) => isOn === true && delay === 10_000));
      });

      test("a poll that is aborted closes its connection", async (t) => {
        const { api, client } = await reach(t, way, scheme);
        const stopping = new AbortController();
        const poll = client.getUpdates({ offset: 1, limit: 100, timeout: 50, allowed_updates: [] }, stopping.signal);
        const [response] = await api.requests(1);
        const closed = once(response!, "close");
        stopping.abort();
        await assert.rejects(poll, NetworkError);
        await closed;
      });

      test("a call that gets no answer is given up; whether it was carried out is not known", async (t) => {
        const { client } = await reach(t, way, scheme, { callTimeout: 100 });
        await assert.rejects(client.call("sendMessage"), { delivery: "unknown", reason: "UND_ERR_HEADERS_TIMEOUT" });
      });

      test("a connection that breaks with the request on it leaves the outcome unknown, too", async (t) => {
        const { api, client, proxy } = await reach(t, way, scheme);
        const call = client.call("sendMessage");
        const [response] = await api.requests(1);
        if (proxy === undefined) response!.socket!.destroy();
        else await proxy[Symbol.asyncDispose]();
        await assert.rejects(call, { delivery: "unknown" });
      });
    });
  }
}

/** The error that a call fails with; asserts that it was not sent, and that the error shows neither token nor password. */
async function failure(call: Promise<unknown>): Promise<NetworkError> {
  const error = await call.then(
    (result) => assert.fail(`succeeded with ${inspect(result)}`),
    (error: unknown) => error,
  );
  assert.ok(error instanceof NetworkError, inspect(error));
  assert.equal(error.delivery, "none");
  const shown = inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true }) + error.stack;
  for (const secret of ["AAsecret", "pä", "p%C3", Buffer.from(LOGIN).toString("base64")]) {
    assert.ok(!shown.includes(secret), `${secret} in ${shown}`);
  }
  return error;
}

describe("a call that fails before there is a connection was not sent", { concurrency: true }, () => {
  for (const scheme of ["http", "https", "socks5"]) {
    test(`a ${scheme} proxy that refuses connections`, async (t) => {
      const { client } = await reach(t, "no proxy", "http", { proxy: `${scheme}://${CREDENTIALS}127.0.0.1:1` });
      const { reason } = await failure(client.call("sendMessage"));
      assert.equal(reason, "the proxy 127.0.0.1:1 cannot be reached: ECONNREFUSED");
    });

    test(`a ${scheme} proxy that says nothing`, async (t) => {
      const port = await listen(t, createTcpServer());
      const proxy = `${scheme}://${CREDENTIALS}127.0.0.1:${port}`;
      const { client } = await reach(t, "no proxy", "http", { proxy, connectTimeout: 100 });
      const { reason } = await failure(client.call("sendMessage"));
      assert.match(
        reason,
        new RegExp(`the proxy 127.0.0.1:${port} (cannot be reached|does not answer as a proxy): no answer in time`),
      );
    });

    test(`a ${scheme} proxy that hangs up`, async (t) => {
      const port = await listen(
        t,
        createTcpServer((socket) => socket.once("data", () => socket.end())),
      );
      const { client } = await reach(t, "no proxy", "http", { proxy: `${scheme}://${CREDENTIALS}127.0.0.1:${port}` });
      const { reason } = await failure(client.call("sendMessage"));
      assert.match(
        reason,
        new RegExp(`the proxy 127.0.0.1:${port} (cannot be reached|does not answer as a proxy): ECONNRESET`),
      );
    });
  }

  test("a proxy with an unknown name", async (t) => {
    const { client } = await reach(t, "no proxy", "http", { proxy: "http://proxy.invalid:3128" });
    const { reason } = await failure(client.call("sendMessage"));
    assert.match(reason, /^the proxy proxy\.invalid:3128 cannot be reached: (ENOTFOUND|EAI_AGAIN)$/);
  });

  for (const way of Object.keys(PROXIES)) {
    test(`a certificate that is not trusted, over ${way}`, async (t) => {
      const { client, proxy } = await reach(t, way, "https", { certificate: forged });
      const { reason } = await failure(client.call("sendMessage"));
      assert.match(reason, /^DEPTH_ZERO_SELF_SIGNED_CERT .*NODE_EXTRA_CA_CERTS/);
      if (proxy !== undefined) assert.match(reason, new RegExp(` behind the proxy 127.0.0.1:${proxy.port}$`));
    });

    test(`a server that hangs up instead of shaking hands, over ${way}`, async (t) => {
      const port = await listen(
        t,
        createTcpServer((socket) => socket.once("data", () => socket.end())),
      );
      const { client } = await reach(t, way, "http", { apiUrl: `https://127.0.0.1:${port}` });
      assert.match((await failure(client.call("sendMessage"))).reason, /^ECONNRESET/);
    });

    test(`a server that says nothing instead of shaking hands, over ${way}`, async (t) => {
      const port = await listen(t, createTcpServer());
      const options = { apiUrl: `https://127.0.0.1:${port}`, connectTimeout: 1000 };
      const { client } = await reach(t, way, "http", options);
      let reason: string;
      let attempts = 0;
      // On a busy machine the second may be over before the proxy answers.
      do ({ reason } = await failure(client.call("sendMessage")));
      while (/^the proxy .*: no answer in time$/.test(reason) && ++attempts < 10);
      assert.match(reason, /^no answer in time|^UND_ERR_CONNECT_TIMEOUT/);
    });
  }
});

/** Without IPv6 on this machine, IPv4 must not be used in its place. */
const hasIPv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ family }) => family === "IPv6"));

describe("--api-url may contain an IPv6 address, a port and a prefix", () => {
  for (const way of Object.keys(PROXIES)) {
    for (const scheme of ["http", "https"]) {
      test(`--api-url with ${scheme} over ${way}`, async (t) => {
        const paths: (string | undefined)[] = [];
        const answer = createServer((request, response) => {
          paths.push(request.url);
          response.end('{"ok":true,"result":true}');
        });
        const host = hasIPv6 ? "::1" : "127.0.0.1";
        const inside = await listen(t, answer, host);
        const port = scheme === "http" ? inside : await front(t, `http://[${host}]:${inside}`, host);
        const { client } = await reach(t, way, "http", { apiUrl: `${scheme}://[::1]:${port}/pre/fix/` });
        const call = client.call("close");
        if (!hasIPv6) return void (await failure(call));
        assert.equal(await call, true);
        assert.deepEqual(paths, [`/pre/fix/bot${TOKEN}/close`]);
      });
    }
  }

  async function front(t: TestContext, url: string, host: string): Promise<number> {
    const front = await TlsFront.start(url, certificate, host);
    t.after(() => front[Symbol.asyncDispose]());
    return front.port;
  }
});

describe("the IP version", () => {
  /** A client of a host name with an IPv4 and an IPv6 address, each with a server that answers with its version. */
  async function dual(
    t: TestContext,
    family: "auto" | "4" | "6",
    { deaf }: { deaf?: "4" | "6" } = {},
  ): Promise<BotApi> {
    const says = (version: string) => createServer((_, response) => response.end(`{"ok":true,"result":"${version}"}`));
    const port = await listen(t, says("4"));
    if (hasIPv6) await listen(t, says("6"), "::1", port);
    const addresses = [
      { address: "127.0.0.1", family: 4 },
      { address: "::1", family: 6 },
    ].map((it) => (deaf === String(it.family) ? { ...it, address: it.family === 4 ? "127.0.0.2" : "::2" } : it));
    t.mock.method(dns, "lookup", (_: string, options: dns.LookupOptions, done: (...args: unknown[]) => void) => {
      const found = addresses.filter((it) => !options.family || it.family === options.family);
      if (options.all) done(null, found);
      else done(null, found[0]!.address, found[0]!.family);
    });
    const client = new BotApi({ token: TOKEN, apiUrl: `http://dual.test:${port}`, family });
    t.after(() => client.close());
    return client;
  }

  test("IPv4 is used where it is wanted", async (t) => {
    assert.equal(await (await dual(t, "4")).call("getMe"), "4");
  });

  test("IPv6 is used where it is wanted; without it the call fails, and is not made over IPv4", async (t) => {
    const call = (await dual(t, "6")).call("getMe");
    if (hasIPv6) assert.equal(await call, "6");
    else assert.match((await failure(call)).reason, /^(EADDRNOTAVAIL|EAFNOSUPPORT|ENETUNREACH)$/);
  });

  test("either version is used unless one is wanted: the one that gets through", async (t) => {
    assert.equal(await (await dual(t, "auto", { deaf: "6" })).call("getMe"), "4");
    t.mock.restoreAll();
    if (hasIPv6) assert.equal(await (await dual(t, "auto", { deaf: "4" })).call("getMe"), "6");
  });

  test("the version is that of the connection to the proxy; the proxy looks up the server itself", async (t) => {
    const api = new Api();
    const port = await listen(t, api.server);
    const proxy = await HttpProxy.start();
    t.after(() => proxy[Symbol.asyncDispose]());
    t.mock.method(dns, "lookup", ((name, options, done) => {
      assert.deepEqual([name, options.family], ["proxy.test", 4]);
      lookUp(name, options, done);
    }) as LookupFunction);
    const way = {
      apiUrl: `http://bot-api.test:${port}`,
      proxy: `http://proxy.test:${proxy.port}`,
      family: "4" as const,
    };
    const client = new BotApi({ token: TOKEN, ...way });
    t.after(() => client.close());
    const call = client.call("getMe");
    await api.answer(1);
    assert.equal(await call, true);
  });
});

describe("the server's name", () => {
  /** A client of a server whose name has these addresses, and the number of lookups. */
  async function named(t: TestContext, addresses: string[]) {
    const answer = createServer((_, response) => {
      response.setHeader("connection", "close").end('{"ok":true,"result":true}');
    });
    const port = await listen(t, answer);
    const lookup = t.mock.method(dns, "lookup", ((_name, _options, done) => {
      done(null, [{ address: addresses.length > 1 ? addresses.shift()! : addresses[0]!, family: 4 }]);
    }) as LookupFunction);
    const client = new BotApi({ token: TOKEN, apiUrl: `http://named.test:${port}` });
    t.after(() => client.close());
    return { client, lookups: () => lookup.mock.callCount() };
  }

  test("one lookup serves many connections", async (t) => {
    const { client, lookups } = await named(t, ["127.0.0.1"]);
    for (let call = 0; call < 3; call++) await client.call("getMe");
    assert.equal(lookups(), 1);
  });

  test("after a failure to connect it is looked up anew", async (t) => {
    const { client, lookups } = await named(t, ["127.0.0.2", "127.0.0.1"]);
    await failure(client.call("getMe"));
    assert.equal(await client.call("getMe"), true);
    assert.equal(lookups(), 2);
  });
});
