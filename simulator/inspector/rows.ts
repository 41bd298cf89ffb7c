/** The rows of the inspector: an update on its way to the bot, and a call of the bot. Times are milliseconds since 1970, durations milliseconds. */

export interface UpdateRow {
  readonly update_id: number;
  /** `message`, `callback_query`, … */
  readonly kind: string;
  /** The chat that it is about, or its user. */
  readonly chat_id?: number;
  /** The beginning of its text. */
  readonly text?: string;
  readonly time: number;
  /** What HTTP shows: answers to getUpdates that had it, the first of them, and the time when it was confirmed. */
  taken?: number;
  takes: number;
  confirmed?: number;
  by?: "getUpdates" | "webhook";
  /** What asgigram shows: its way through the server. */
  seq?: number;
  /** `chat:1`: the line in which it waits. */
  line?: string;
  received?: number;
  posted?: number;
  worker?: number;
  attempt?: number;
  /** Between storage and worker. */
  waited?: number;
  settled?: number;
  worked?: number;
  outcome?: "settled" | "failed" | "dead_lettered";
  error?: string;
  /** Of a dead letter. */
  cause?: string;
}

export interface CallRow {
  /** Ascends. */
  readonly id: number;
  readonly method: string;
  readonly chat_id?: string;
  /** The beginning of its text. */
  readonly text?: string;
  readonly time: number;
  status?: number;
  duration?: number;
  error?: string;
  /** A fault of the weather hit it. */
  isFault?: boolean;
  /** The messages that it made or changed: `chat:message`. */
  messages?: string[];
  /** What asgigram shows: the update that the bot was handling, the attempt, and the whole time with waits and retries. */
  update_id?: number;
  attempt?: number;
  worker?: number;
  whole?: number;
}

/** @returns the rows' part of an update that is about its content */
export function updateRow(update: Record<string, unknown>, time: number): UpdateRow {
  const { update_id, ...content } = update as { update_id: number };
  const [kind = "", value = {}] = (Object.entries(content)[0] ?? []) as [string?, Subject?];
  const chat_id = chatOf(value);
  const text = textOf(value);
  return { update_id, kind, time, takes: 0, ...(chat_id !== undefined && { chat_id }), ...(text && { text }) };
}

interface Subject {
  chat?: { id: number };
  from?: { id: number };
  user?: { id: number };
  message?: Subject;
  text?: unknown;
  caption?: unknown;
  data?: unknown;
  query?: unknown;
}

const chatOf = (value: Subject): number | undefined =>
  value.chat?.id ?? value.message?.chat?.id ?? value.from?.id ?? value.user?.id;

const LONGEST_TEXT = 80;

/** @returns the beginning of the text, if there is one */
export function textOf({ text, caption, data, query }: Subject): string | undefined {
  const found = [text, caption, data, query].find((one) => typeof one === "string") as string | undefined;
  return found === undefined || found.length <= LONGEST_TEXT ? found : `${found.slice(0, LONGEST_TEXT)}…`;
}

/** @param result of a call @returns the messages in it: `chat:message` */
export function messagesIn(result: unknown): string[] {
  return [result].flat().flatMap((one) => {
    const { chat, message_id } = (one ?? {}) as { chat?: { id: number }; message_id?: number };
    return chat === undefined || message_id === undefined ? [] : `${chat.id}:${message_id}`;
  });
}
