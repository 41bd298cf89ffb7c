/**
 * Watches a copy of nestjs-telegraf. It starts its bot as soon as the bot is made, and NestJS hands the bot its handlers when all
 * providers are ready. Updates of the inbox would come before that.
 */

import type { Copy, LibraryWatch } from "./found-bot.ts";

interface NestApplicationContext {
  /** Runs the hooks onApplicationBootstrap, the last of the start. */
  callBootstrapHook(): Promise<void>;
}

export function watchNestjs({ load }: Copy, { onHeld }: LibraryWatch): void {
  const core = load("@nestjs/core") as { NestApplicationContext: { prototype: NestApplicationContext } };
  const { prototype } = core.NestApplicationContext;
  const { callBootstrapHook } = prototype;
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  onHeld(ready);
  prototype.callBootstrapHook = async function () {
    await callBootstrapHook.call(this);
    resolve();
  };
}
