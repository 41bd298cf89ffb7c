/**
 * `asgigram check`: looks at all that a start of the server depends on, and tells what it finds. It neither polls nor changes
 * anything, so it can be run beside a server that serves the same bot.
 */

import { type Settings, type Settled, settle } from "../../config/settings.ts";
import type { Sources } from "../../config/sources.ts";
import { botIdOf } from "../../config/token.ts";
import { ConfigError } from "../../protocol/errors.ts";
import { secretHider } from "../../protocol/secrets.ts";
import { BotApi } from "../../telegram/bot-api.ts";
import { checkApplication } from "./application.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import { checkInbox } from "./inbox.ts";
import { checkListen } from "./listen.ts";
import { checkTelegram } from "./telegram.ts";

/**
 * @param print takes what the application prints
 * @returns at least one finding for each point that could be looked at
 */
export async function check(sources: Sources, print: (line: string) => void): Promise<Finding[]> {
  let settled: Settled;
  try {
    settled = await settle(sources);
  } catch (error) {
    return [problem("configuration", error as Error)];
  }
  const { settings, warnings } = settled;
  const hide = secretHider({ token: settings.token.value, proxy: settings.proxy.value });
  const findings = await Promise.all([
    warnings.length === 0
      ? [ok("configuration", "nothing odd")]
      : warnings.map((text) => warning("configuration", text)),
    application(settings, sources.cwd, (line) => print(hide(line))),
    telegram(settings),
    inbox(settings),
    checkListen(settings.listen.value ?? false),
  ]);
  return findings.flat().map((finding) => ({ ...finding, text: hide(finding.text) }));
}

async function application(settings: Settings, directory: string, print: (line: string) => void): Promise<Finding[]> {
  const application = settings.application.value;
  if (application === undefined) {
    return [problem("application", new ConfigError("none is given: asgigram check [token] <application>"))];
  }
  return checkApplication({
    application,
    directory,
    interface: settings.interface.value!,
    lifespan: settings.lifespan.value!,
    memory: settings.workerMemory.value || undefined,
    shutdownTimeout: settings.shutdownTimeout.value!,
    print,
  });
}

async function telegram(settings: Settings): Promise<Finding[]> {
  const { token, apiUrl, proxy, family, deleteWebhook, dropPending } = settings;
  if (token.value === undefined) {
    const message = "none is given: set ASGIGRAM_TOKEN, or name a file that holds it with --token-file";
    return [problem("token", new ConfigError(message))];
  }
  const api = new BotApi({
    token: token.value,
    apiUrl: apiUrl.value!,
    proxy: proxy.value!,
    family: family.value!,
  });
  try {
    return await checkTelegram({ api, deleteWebhook: deleteWebhook.value!, dropPending: dropPending.value! });
  } finally {
    await api.close();
  }
}

function inbox({ inbox, token }: Settings): Finding[] {
  return checkInbox(inbox.value, token.value === undefined ? undefined : Number(botIdOf(token.value)));
}
