/** The page in a real browser: `asgigram simulate` at a terminal, and Chromium at its address. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import { eventually, LIMIT } from "../eventually.ts";
import { Folder } from "../folder.ts";

const ROOT = join(import.meta.dirname, "../..");
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** It asks no other machine for anything. */
const OFFLINE = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];

export class Tour implements AsyncDisposable {
  readonly page: Page;
  /** Of the simulator. */
  readonly url: string;
  /** What the page's console and its errors have said. */
  readonly complaints: string[];
  readonly #browser: Browser;
  readonly #process: ChildProcess;
  readonly #folder: Folder;

  private constructor(parts: {
    page: Page;
    url: string;
    complaints: string[];
    browser: Browser;
    process: ChildProcess;
    folder: Folder;
  }) {
    this.page = parts.page;
    this.url = parts.url;
    this.complaints = parts.complaints;
    this.#browser = parts.browser;
    this.#process = parts.process;
    this.#folder = parts.folder;
  }

  /** @param args of `asgigram simulate` */
  static async start(...args: string[]): Promise<Tour> {
    const folder = new Folder();
    const command = ["node", "src/cli/bin.ts", "simulate", ...args].join(" ");
    // A terminal of its own: with a pipe it would read messages from standard input.
    const simulate = spawn(
      "script",
      ["--quiet", "--flush", "--return", "--command", command, folder.join("typescript")],
      {
        cwd: ROOT,
        stdio: ["pipe", "pipe", "inherit"],
      },
    );
    let output = "";
    simulate.stdout.on("data", (chunk) => (output += chunk));
    const address = () => /The chat with the bot is at (http:\S+)/.exec(output)?.[1];
    await eventually(
      () => address() !== undefined || simulate.exitCode !== null,
      () => output,
    );
    const url = address();
    if (url === undefined) throw new Error(`it has ended with ${simulate.exitCode}: ${output}`);
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ["--no-sandbox", ...OFFLINE],
      timeout: LIMIT,
    });
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(Number(process.env.TOUR_LIMIT ?? LIMIT));
    const complaints: string[] = [];
    page.on("pageerror", ({ message }) => complaints.push(message));
    page.on("console", (line) => line.type() === "error" && complaints.push(line.text()));
    await page.goto(url);
    await page.getByRole("textbox", { name: "Message" }).waitFor();
    return new Tour({ page, url, complaints, browser, process: simulate, folder });
  }

  /** Writes a message, and waits for the bot's answer to it. */
  async say(text: string, answer: string | RegExp): Promise<Locator> {
    const shown = await this.page.locator(".message").count();
    await this.page.getByRole("textbox", { name: "Message" }).fill(text);
    await this.page.keyboard.press("Enter");
    await this.page.locator(".message").nth(shown).waitFor();
    const last = this.page.locator(".message").filter({ hasText: answer }).last();
    await last.waitFor();
    return last;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    if (this.#process.exitCode === null) {
      this.#process.stdin!.write("\x03");
      await once(this.#process, "exit");
    }
    this.#folder[Symbol.dispose]();
  }
}
