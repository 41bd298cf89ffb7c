import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { Simulator } from "../../simulator/index.ts";
import { Stopwatch } from "../faults/stopwatch.ts";
import { Certificate } from "../network/certificate.ts";
import { freePort } from "../network/free-port.ts";
import { HttpProxy } from "../network/http-proxy.ts";
import type { ProxyOptions, TestProxy } from "../network/proxy.ts";
import { SocksProxy } from "../network/socks-proxy.ts";
import { TlsFront } from "../network/tls-front.ts";
import { Bot, BotHere, message, until } from "./bot.ts";

const HOST = "bot-api.test";
const LOGIN = "ann:open-sesame";

const certificate = new Certificate(HOST);
after(() => certificate[Symbol.dispose]());

/** This process trusts the certificate, as a process with NODE_EXTRA_CA_CERTS does, until the end of the block. */
class Trust implements Disposable {
  readonly #before = getCACertificates("default");

  constructor() {
    setDefaultCACertificates([...this.#before, certificate.cert]);
  }

  [Symbol.dispose](): void {
    setDefaultCACertificates(this.#before);
  }
}

type Environment = { [name: string]: string };

/** Bots under the real command line, and a Bot API behind TLS whose host name only proxies can resolve. */
class Scene implements AsyncDisposable {
  readonly simulator: Simulator;
  readonly front: TlsFront;
  readonly #bots: (Bot | BotHere)[] = [];
  readonly #proxies: TestProxy[] = [];

  private constructor(simulator: Simulator, front: TlsFront) {
    this.simulator = simulator;
    this.front = front;
  }

  static async set(): Promise<Scene> {
    const simulator = await Simulator.start();
    return new Scene(simulator, await TlsFront.start(simulator.url, certificate));
  }

  get apiUrl(): string {
    return `https://${HOST}:${this.front.port}`;
  }

  proxy<Type extends TestProxy>(proxy: Type): Type {
    this.#proxies.push(proxy);
    return proxy;
  }

  /** Starts a bot in this process. `NODE_EXTRA_CA_CERTS` counts only where a process starts: there is Trust. */
  startHere(args: readonly string[], env: Environment = {}): BotHere {
    return this.#started(new BotHere("apps/echo.ts", this.simulator, this.#with(args), { env }));
  }

  /** Starts a bot in a process of its own, which trusts the certificate. */
  start(args: readonly string[], env: Environment = {}): Bot {
    const all = { NODE_EXTRA_CA_CERTS: certificate.path, ...env };
    return this.#started(new Bot("apps/echo.ts", this.simulator, this.#with(args), { env: all }));
  }

  #with(args: readonly string[]): string[] {
    return ["--no-inbox", "--workers", "1", "--api-url", this.apiUrl, ...args];
  }

  #started<Either extends Bot | BotHere>(bot: Either): Either {
    this.#bots.push(bot);
    return bot;
  }

  /** Sends a text from each of so many chats; resolves when each has its answer. */
  async talk(chats: number, text: string): Promise<void> {
    const { simulator } = this;
    await simulator.pushMany(Array.from({ length: chats }, (_, i) => message(i + 1, text)));
    await until(simulator, () => this.answers(text).length >= chats, `${chats} answers to ${text}`);
  }

  answers(text: string): unknown[] {
    const said = this.simulator.calls.filter(({ method }) => method === "sendMessage");
    return said.filter(({ parameters }) => JSON.parse(String(parameters.text)).text === text);
  }

  /** Ends the bot, and checks that its output has no secret. */
  async end(bot: Bot | BotHere): Promise<void> {
    const { code, stdout, stderr } = await bot.end();
    assert.equal(code, 0, stderr);
    assertNoSecrets(this.simulator, stdout + stderr);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const it of [...this.#bots, ...this.#proxies, this.front]) await it[Symbol.asyncDispose]();
    await this.simulator.close();
  }
}

function assertNoSecrets(simulator: Simulator, text: string): void {
  const [user, password] = LOGIN.split(":");
  for (const secret of [simulator.token, password!, `${user}:`, btoa(LOGIN)]) {
    assert.ok(!text.includes(secret), `${secret} in ${text}`);
  }
}

const KINDS: { [kind: string]: { scheme: string; start(options: ProxyOptions): Promise<TestProxy> } } = {
  "an HTTP proxy": { scheme: "http", start: (options) => HttpProxy.start(options) },
  "an HTTPS proxy": { scheme: "https", start: (options) => HttpProxy.start({ ...options, certificate }) },
  "a SOCKS5 proxy": { scheme: "socks5", start: (options) => SocksProxy.start(options) },
};

for (const [kind, { scheme, start }] of Object.entries(KINDS)) {
  test(`through ${kind} updates come in and answers go out; when it dies and is back, so is the bot within 2 s, and nothing is lost`, async () => {
    await using scene = await Scene.set();
    const port = await freePort();
    const proxy = scene.proxy(await start({ login: LOGIN, port }));
    const args = ["--proxy", `${scheme}://${LOGIN}@127.0.0.1:${port}`];
    using _trust = new Trust();
    const bot = scheme === "https" ? scene.start(args) : scene.startHere(args);
    await bot.logged(({ msg, proxy }) => msg === "serving" && proxy === `127.0.0.1:${port}`);
    await scene.talk(20, "one");
    assert.ok(proxy.asked.length <= 1 + 1 + 20, `${proxy.asked.length} tunnels`);
    assert.deepEqual([...new Set(proxy.asked)], [`${HOST}:${scene.front.port}`]);

    await proxy[Symbol.asyncDispose]();
    await bot.logged(
      ({ error }) => error?.includes(`the proxy 127.0.0.1:${port} cannot be reached: ECONNREFUSED`) === true,
    );
    const talk = scene.talk(20, "two");
    using stopwatch = new Stopwatch();
    scene.proxy(await start({ login: LOGIN, port }));
    await bot.logged(({ msg }) => msg === "polling again");
    assert.ok(stopwatch.elapsed < 2000, `polling again after ${stopwatch.elapsed} ms`);
    await talk;
    assert.equal(scene.answers("one").length, 20);
    assert.equal(scene.answers("two").length, 20);
    await scene.end(bot);
  });

  test(`${kind} that does not let its user in ends the start with exit code 2 and the remedy`, async () => {
    await using scene = await Scene.set();
    const { port } = scene.proxy(await start({ login: "somebody:else" }));
    using _trust = new Trust();
    const bot = scene.startHere(["--proxy", `${scheme}://${LOGIN}@127.0.0.1:${port}`]);
    const { code, stderr } = await bot.process.exit();
    assert.equal(code, 2, stderr);
    assert.match(
      stderr,
      new RegExp(`^asgigram: the proxy 127.0.0.1:${port} does not accept the user and the password`, "m"),
    );
    assertNoSecrets(scene.simulator, stderr);
  });
}

test("a proxy that cannot be reached at the start is logged, and tried again until it can", async () => {
  await using scene = await Scene.set();
  const port = await freePort();
  using _trust = new Trust();
  const bot = scene.startHere(["--proxy", `http://${LOGIN}@127.0.0.1:${port}`]);
  await bot.process.says(`the proxy 127.0.0.1:${port} cannot be reached: ECONNREFUSED`);
  scene.proxy(await HttpProxy.start({ port }));
  await bot.process.says("serving");
  await scene.end(bot);
});

test("certificates in SSL_CERT_FILE count with --use-openssl-ca, of the proxy and of the server", async () => {
  await using scene = await Scene.set();
  const { port } = scene.proxy(await HttpProxy.start({ certificate }));
  const env = { NODE_EXTRA_CA_CERTS: "", NODE_OPTIONS: "--use-openssl-ca", SSL_CERT_FILE: certificate.path };
  const bot = scene.start(["--proxy", `https://127.0.0.1:${port}`], env);
  await bot.process.says("serving");
  await scene.end(bot);
});

test("without the certificate the log names the certificate's error and the proxy", async () => {
  await using scene = await Scene.set();
  const { port } = scene.proxy(await HttpProxy.start());
  const bot = scene.startHere(["--proxy", `http://127.0.0.1:${port}`]);
  await bot.process.says(/DEPTH_ZERO_SELF_SIGNED_CERT \(NODE_EXTRA_CA_CERTS .*\) behind the proxy 127\.0\.0\.1/);
  await scene.end(bot);
});

describe("the environment's proxy", () => {
  test("the environment's proxy is used", async () => {
    await using scene = await Scene.set();
    const proxy = scene.proxy(await HttpProxy.start());
    using _trust = new Trust();
    const bot = scene.startHere([], { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: "elsewhere.test" });
    await bot.process.says("serving");
    await scene.talk(1, "hello");
    assert.ok(proxy.asked.length > 0);
    await scene.end(bot);
  });

  for (const [what, args, env] of [
    ["NO_PROXY", [], { NO_PROXY: `a,${HOST}:443,.test` }],
    ["--no-proxy", ["--no-proxy"], {}],
    ["ASGIGRAM_PROXY=off", [], { ASGIGRAM_PROXY: "off" }],
  ] as const) {
    test(`the environment's proxy is not used with ${what}`, async () => {
      await using scene = await Scene.set();
      const proxy = scene.proxy(await HttpProxy.start());
      const bot = scene.startHere(args, { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, ...env });
      // Only the proxy can resolve the name.
      await bot.process.says(/ENOTFOUND|EAI_AGAIN/);
      assert.deepEqual(proxy.asked, []);
      await scene.end(bot);
    });
  }
});
