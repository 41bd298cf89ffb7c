/**
 * Checks everything that a start of the server depends on. It does not poll and changes nothing, so it can run beside a server of
 * the same bot.
 */

import { type ConfigValues, configValues, programWorkers } from "../../config/config.ts";
import { findImports } from "../../config/imports.ts";
import { defaultInbox } from "../../config/inbox-path.ts";
import { describeSearch, giveOwnToken } from "../../config/own-token.ts";
import { type ResolvedSettings, resolveSettings } from "../../config/settings.ts";
import type { Sources } from "../../config/sources.ts";
import { botIdOf } from "../../config/token.ts";
import { isDatabaseAddress } from "../../protocol/database-address.ts";
import { ConfigError } from "../../protocol/errors.ts";
import { secretHider } from "../../protocol/secrets.ts";
import { BotApi } from "../../telegram/bot-api.ts";
import { readWebhookTls } from "../../telegram/webhook-tls.ts";
import { checkApplication } from "./application.ts";
import { checkDatabase } from "./database.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import { checkInbox } from "./inbox.ts";
import { checkListen } from "./listen.ts";
import { checkTelegram } from "./telegram.ts";

/**
 * @param env the process's environment, which a program reads
 * @param print takes the output of the application
 * @returns at least one finding for each point that could be checked
 */
export async function check(
  sources: Sources,
  env: NodeJS.ProcessEnv,
  print: (line: string) => void,
): Promise<Finding[]> {
  let resolved: ResolvedSettings;
  try {
    resolved = await resolveSettings(sources);
  } catch (error) {
    return [problem("configuration", error as Error)];
  }
  const { settings, warnings } = resolved;
  const values = configValues(settings);
  const hide = secretHider(values);
  const findings = await Promise.all([
    warnings.length === 0
      ? [ok("configuration", "no warnings")]
      : warnings.map((text) => warning("configuration", text)),
    application(values, programWorkers(settings), sources.cwd, env, (line) => print(hide(line))),
    telegram(values, sources),
    inbox(values, sources.cwd),
    checkListen(values.listen),
    checkListen(values.webhook !== false && values.webhookListen),
    certificate(values),
  ]);
  return findings.flat().map((finding) => ({ ...finding, text: hide(finding.text) }));
}

async function application(
  values: ConfigValues,
  programWorkers: number,
  directory: string,
  env: NodeJS.ProcessEnv,
  print: (line: string) => void,
): Promise<Finding[]> {
  const { application, token = "0:no-token", exposeToken } = values;
  if (application === undefined) {
    return [problem("application", new ConfigError("missing: asgigram check [token] <application>"))];
  }
  giveOwnToken(env, directory, token, exposeToken);
  const bot = botOf(values);
  const imports = findImports(values.import, directory);
  return checkApplication({ ...values, application, directory, imports, bot, programWorkers, print });
}

async function certificate({ webhook, webhookCertificate, webhookKey }: ConfigValues): Promise<Finding[]> {
  if (webhook === false || webhookCertificate === false) return [];
  try {
    await readWebhookTls(webhookCertificate, webhookKey);
    return [ok("webhook", "the certificate can be used")];
  } catch (error) {
    return [problem("webhook", error as Error)];
  }
}

/** @param sources with the environment as it was: in that of the process stand-ins may have come */
async function telegram({ token, ...values }: ConfigValues, { env, cwd }: Sources): Promise<Finding[]> {
  if (token === undefined) {
    const message = `missing: set ASGIGRAM_TOKEN, or name a file that holds it with --token-file; ${describeSearch(env, cwd)}`;
    return [problem("token", new ConfigError(message))];
  }
  const { apiUrl, proxy, family, deleteWebhook, webhook, dropPending } = values;
  const api = new BotApi({ token, apiUrl, proxy, family });
  try {
    return await checkTelegram({ api, deleteWebhook, webhook, dropPending });
  } finally {
    await api.close();
  }
}

async function inbox(values: ConfigValues, directory: string): Promise<Finding[]> {
  const { inbox, inboxPasswordFile: file, inboxPasswordCommand: command, token } = values;
  const bot = botOf(values);
  if (isDatabaseAddress(inbox)) {
    const forgotten = token === undefined ? undefined : defaultInbox(directory, token);
    return await checkDatabase(inbox, { file, command }, bot, forgotten);
  }
  return checkInbox(inbox, bot);
}

/** Id of the bot; undefined without a token. */
function botOf({ token }: ConfigValues): number | undefined {
  return token === undefined ? undefined : Number(botIdOf(token));
}
