/** Oddities of the configuration that are no errors: one line each, with the remedy. */

import { isDatabaseAddress, passwordIn } from "../protocol/database-address.ts";
import { nearest } from "../protocol/nearest.ts";
import { UPDATE_KINDS } from "../protocol/route.ts";
import { MACHINE, type Machine, usefulThreads } from "./machine.ts";
import { environmentOf, OPTION_KEYS } from "./options.ts";
import type { Settings } from "./setting.ts";
import type { Sources } from "./sources.ts";
import { descriptorOf } from "./text-file.ts";
import { isExposed } from "./token-exposure.ts";

export async function warningsAbout(settings: Settings, { flags, env }: Sources, machine = MACHINE): Promise<string[]> {
  return [
    ...unknownKinds(settings.allowedUpdates.value ?? []),
    ...misspeltVariables(env),
    ...localTelegram(settings),
    ...needless(settings),
    ...manyWorkers(settings, machine),
    ...typedToken(flags?.token !== undefined),
    ...typedPassword(flags?.inbox),
    ...exposedToken(settings),
    ...(await exposedTokenFile(settings)),
  ];
}

/** A kind may be newer than this version of asgigram. */
function unknownKinds(kinds: readonly string[]): string[] {
  return kinds
    .filter((kind) => !(UPDATE_KINDS as readonly string[]).includes(kind))
    .map((kind) => {
      const guess = nearest(kind, UPDATE_KINDS);
      const question = guess === undefined ? "" : `; did you mean ${guess}?`;
      return `--allowed-updates: this version of asgigram knows no update kind "${kind}"${question}`;
    });
}

/** Warns only of a misspelling: Kubernetes, for one, sets variables such as ASGIGRAM_PORT. */
function misspeltVariables(env: Sources["env"]): string[] {
  const known = OPTION_KEYS.map((key) => environmentOf(key).slice("ASGIGRAM_".length));
  return Object.keys(env)
    .filter((name) => name.startsWith("ASGIGRAM_") && env[name])
    .map((name) => name.slice("ASGIGRAM_".length))
    .filter((word) => !known.includes(word))
    .flatMap((word) => {
      const guess = nearest(word, known);
      return guess === undefined ? [] : [`ASGIGRAM_${word} has no effect; did you mean ASGIGRAM_${guess}?`];
    });
}

function localTelegram({ local, apiUrl }: Settings): string[] {
  if (!local.value || new URL(apiUrl.value!).hostname !== "api.telegram.org") return [];
  return [`${local.source} is for a Bot API server of your own; name its URL with --api-url`];
}

/** Options of a webhook without one. A webhook that was turned off, as `simulate` does, makes none of them odd. */
function needless({ webhook, webhookCertificate, inbox, ...settings }: Settings): string[] {
  const { webhookListen, webhookMaxConnections, webhookKey, inboxPasswordFile, inboxPasswordCommand, nodeName } =
    settings;
  const ofDatabase = isDatabaseAddress(inbox.value) ? [] : [inboxPasswordFile, inboxPasswordCommand, nodeName];
  const besideCommand = ofDatabase.length === 0 && inboxPasswordCommand.value !== undefined ? [inboxPasswordFile] : [];
  const isAlone = webhook.value === false && webhook.source === undefined;
  const ofWebhook = isAlone ? [webhookListen, webhookMaxConnections, webhookCertificate, webhookKey] : [];
  const ofCertificate = webhook.value !== false && webhookCertificate.value === false ? [webhookKey] : [];
  return [
    ...given(ofWebhook).map((option) => `${option} has no effect without --webhook`),
    ...given(ofDatabase).map(
      (option) => `${option} has no effect without an inbox in a database (--inbox postgres://…)`,
    ),
    ...given(besideCommand).map((option) => `${option} has no effect beside ${inboxPasswordCommand.source}`),
    ...given(ofCertificate).map((option) => `${option} has no effect without --webhook-certificate`),
  ];
}

/** The names of those that were set. */
function given(settings: readonly { readonly source: string | undefined }[]): string[] {
  return settings.flatMap(({ source }) => source ?? []);
}

/** With a quota, busy workers use it up together in a part of each period, and then all of them stand still. */
function manyWorkers({ workers }: Settings, { quota }: Machine): string[] {
  const useful = usefulThreads({ cores: workers.value!, quota });
  if (workers.value! <= useful) return [];
  const remedy = `set --workers ${useful}, or raise the quota`;
  return [`${workers.value} workers exceed the CPU quota of ${quota}: they will stand still in turns; ${remedy}`];
}

/** asgigram hides its own arguments from ps; npx and the shell that started it do not. */
function typedToken(isTyped: boolean): string[] {
  const remedy = "use --token-file or ASGIGRAM_TOKEN";
  return isTyped ? [`the token is on the command line, where ps and the shell's history may show it; ${remedy}`] : [];
}

function typedPassword(inbox: unknown): string[] {
  if (passwordIn(inbox) === undefined) return [];
  return [
    "the database's password is on the command line, where ps and the shell's history may show it; use --inbox-password-file",
  ];
}

function exposedToken({ exposeToken }: Settings): string[] {
  if (!exposeToken.value) return [];
  return [`${exposeToken.source}: the bot's program and all of its packages can read the token, and pass it on`];
}

async function exposedTokenFile({ token, tokenFile }: Settings): Promise<string[]> {
  const path = tokenFile.value;
  if (path === undefined || token.source !== tokenFile.source || descriptorOf(path) !== undefined) return [];
  if (!(await isExposed(path))) return [];
  return [`other users of this machine can read or change the token's file; run chmod 600 ${path}`];
}
