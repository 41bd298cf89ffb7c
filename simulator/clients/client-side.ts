/** The client side of a simulator: `Simulator` provides it in-process, `SimulatorClient` over HTTP. */

import type { Message, User } from "@grammyjs/types";
import type { Fault } from "../faults.ts";
import type { RecordedCall } from "../state/call-log.ts";
import type { RawUpdate } from "../state/update-queue.ts";
import { ActionError, type ChatDetails, DEFAULT_TIMEOUT, type GroupType, type Perform } from "./actions/actions.ts";
import { expectEqual, expectIdle, type IdleOptions, type WaitOptions } from "./expectations.ts";
import { failure } from "./failure.ts";
import { fileIn } from "./file-in.ts";
import { compare, type Pattern } from "./matching.ts";
import { SimulatedChat } from "./simulated-chat.ts";
import { SimulatedUser } from "./simulated-user.ts";

export interface GroupOptions extends Omit<ChatDetails, "owner_id"> {
  /** Default: a user named Owner. */
  owner?: SimulatedUser;
}

/** Seconds. grammY gives up a call after 500. */
const LONGEST_STEP = 480;

export abstract class ClientSide {
  /** Performs one action. All methods of this class use it. */
  abstract readonly perform: Perform;
  readonly #users = new Map<number, SimulatedUser>();
  readonly #chats = new Map<number, SimulatedChat>();
  /** Calls that `called` has returned, by method. */
  readonly #called = new Map<string, number>();

  /** The user with this name, created if missing. */
  async user(name: string, details?: Partial<User>): Promise<SimulatedUser> {
    const user = await this.perform("user", { name, ...(details && { details }) });
    return remembered(this.#users, user.id, () => new SimulatedUser(this.perform, user));
  }

  /**
   * The group with this title, created if missing, with the bot as a member that has no rights:
   * `group("Team", { bot: { can_restrict_members: true } })` makes it an administrator with that right.
   */
  async group(title: string, options: GroupType | GroupOptions = {}): Promise<SimulatedChat> {
    const { owner, ...details } = typeof options === "string" ? { type: options, owner: undefined } : options;
    const chat = await this.perform("chat", { title, ...details, ...(owner && { owner_id: owner.id }) });
    return remembered(this.#chats, chat.id, () => new SimulatedChat(this.perform, chat));
  }

  /** The channel with this title, created if missing, with the bot as an administrator that has every right. */
  async channel(title: string, options: Omit<GroupOptions, "type" | "forum"> = {}): Promise<SimulatedChat> {
    return await this.group(title, { ...options, type: "channel" });
  }

  /** Puts a raw update of any kind into the queue. Resolves with its id; null if `allowed_updates` excludes it. */
  async push(update: RawUpdate): Promise<number | null> {
    const [id = null] = await this.pushMany([update]);
    return id;
  }

  async pushMany(updates: RawUpdate[]): Promise<(number | null)[]> {
    return await this.perform("push", { updates });
  }

  /**
   * Resolves when an offset has confirmed every update up to now.
   * @param options.timeout milliseconds; default 10,000
   * @throws ActionError at the timeout
   */
  async confirmed({ timeout = 10_000 }: { timeout?: number } = {}): Promise<void> {
    if (!(await this.perform("confirmed", { timeout }))) {
      throw new ActionError(`after ${timeout} ms there are updates that no offset has confirmed`);
    }
  }

  /**
   * Has calls of a method fail, or of all methods (`*`): with an error, late, or not at all. `stop()` ends it.
   *
   *   simulator.fail("sendMessage", { error_code: 429, retry_after: 3, times: 1 });
   */
  async fail(method: string, fault: Fault): Promise<{ stop(): Promise<void> }> {
    const id = await this.perform("fail", { method, fault });
    return { stop: async () => void (await this.perform("recover", { id })) };
  }

  /** Ends all faults. */
  async recover(): Promise<void> {
    await this.perform("recover", {});
  }

  /**
   * Waits until the bot is idle: it has confirmed every update, waits for more, and has no other call open.
   * @throws AssertionError with the reason if it is not
   */
  async idle(options: IdleOptions = {}): Promise<void> {
    await expectIdle(this.perform, options);
  }

  /**
   * The bot's oldest call of the method that this function has not returned yet, with its result; waits for one if there is none, and for
   * its answer.
   * @param parameters that the call must have, among others
   * @throws AssertionError
   */
  async called(
    method: string,
    parameters: Pattern<Record<string, unknown>> = true,
    { timeout = DEFAULT_TIMEOUT }: WaitOptions = {},
  ): Promise<RecordedCall> {
    const after = this.#called.get(method) ?? 0;
    const call = (await this.perform("calls", { method, after, timeout }))[after];
    if (call === undefined) throw await failure(this.perform, `no call of ${method} within ${timeout} ms`);
    this.#called.set(method, after + 1);
    await expectEqual(this.perform, `call of ${method}`, compare(call.parameters, parameters));
    return call;
  }

  /** The bytes of a file: of a message, or by its file_id. */
  async download(file: string | Message): Promise<Uint8Array> {
    const file_id = typeof file === "string" ? file : fileIn(file);
    return Buffer.from((await this.perform("download", { file_id })).base64, "base64");
  }

  /**
   * Sets the simulator's clock forward: dates of messages, the 48 hours for deletions, the lives of queries and updates, pauses of
   * webhooks. Resolves with the new time in milliseconds since 1970, when no call is on its way.
   * @param tick sets the bot's fake timers forward by so many milliseconds; it is called for steps of minutes, in which no
   *   client gives up its poll
   */
  async advance(seconds: number, tick?: (milliseconds: number) => unknown): Promise<number> {
    if (tick === undefined) return await this.perform("advance", { seconds });
    // Fake timers must not overtake a call that is on its way.
    let time = await this.perform("advance", { seconds: 0 });
    for (let left = seconds; left > 0; left -= LONGEST_STEP) {
      const step = Math.min(left, LONGEST_STEP);
      await tick(1000 * step);
      time = await this.perform("advance", { seconds: step });
    }
    return time;
  }

  /** Decides the values of the next dice: `roll(6, 1)`. */
  async roll(...values: number[]): Promise<void> {
    await this.perform("roll", { values });
  }

  /** The calls of the Bot API up to now: all, or the calls of one method, spelt as by the caller. */
  async callsOf(method?: string): Promise<RecordedCall[]> {
    return await this.perform("calls", method === undefined ? {} : { method });
  }
}

function remembered<T>(map: Map<number, T>, id: number, make: () => T): T {
  const known = map.get(id);
  if (known !== undefined) return known;
  const made = make();
  map.set(id, made);
  return made;
}
