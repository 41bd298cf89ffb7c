/** `asgigram/simulator`: a faithful local Bot API, and simulated users who talk to the bot. */

import type { TerminalChatOptions } from "./terminal.ts";

export type { UserFromGetMe } from "@grammyjs/types";
export { Refusal, tooManyRequests } from "./api/refusal.ts";
export {
  ActionError,
  type Actions,
  type ButtonChoice,
  type ChatDetails,
  type GroupType,
  type Status,
  type Trace,
} from "./clients/actions/actions.ts";
export { ClientSide, type GroupOptions } from "./clients/client-side.ts";
export type { EventOf, IdleOptions, WaitOptions } from "./clients/expectations.ts";
export type { ExpectedMessage, MessagePattern, Pattern } from "./clients/matching.ts";
export type { RunnableBot } from "./clients/running-bots.ts";
export { SimulatedChat } from "./clients/simulated-chat.ts";
export { type AskedInline, type PressedButton, SimulatedUser } from "./clients/simulated-user.ts";
export { SimulatorClient } from "./clients/simulator-client.ts";
export type {
  AnimationOptions,
  AudioOptions,
  Business,
  FileOptions,
  PayOptions,
  SendOptions,
  StickerOptions,
  VideoOptions,
  VoiceOptions,
} from "./clients/user-options.ts";
export type { Fault } from "./faults.ts";
export type { IncomingCall, Intercept } from "./http/bot-routes.ts";
export { refuse } from "./http/reply.ts";
export { type Recording, readRecording } from "./recording/recording.ts";
export { replay } from "./recording/replay.ts";
export { type TestOptions, testFrom } from "./recording/test-from.ts";
export { Simulator, type SimulatorOptions } from "./simulator.ts";
export type { BusinessRights } from "./state/business.ts";
export type { RecordedCall } from "./state/call-log.ts";
export type { ChatEvent } from "./state/journal.ts";
export type { Content } from "./state/messages.ts";
export type { RawUpdate } from "./state/update-queue.ts";
export type { TerminalChatOptions } from "./terminal.ts";

/** A chat with the bot in this terminal. Resolves at its end. */
export async function runTerminalChat(options: TerminalChatOptions): Promise<void> {
  // Few tests have a terminal: its modules are loaded for them alone.
  const terminal = await import("./terminal.ts");
  await terminal.runTerminalChat(options);
}
