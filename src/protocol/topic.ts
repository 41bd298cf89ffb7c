/** The forum topic of an update. */

type MessageFields = { message_thread_id?: unknown; is_topic_message?: unknown; message?: unknown } | null | undefined;

/**
 * The topic of a message, or of the message that a button belongs to. The id of a thread that is no topic is none: calls with it are
 * refused.
 * @param event an event, or the payload of an update
 */
export function topicOf(event: object): number | undefined {
  const { message } = event as { message?: MessageFields };
  for (const one of [event as MessageFields, message]) {
    if (one?.is_topic_message === true && isId(one.message_thread_id)) return one.message_thread_id;
  }
  return undefined;
}

/**
 * The topic in which a message is generated that its reader stops: Telegram does not send that message, and a private chat has no
 * threads but its topics (https://core.telegram.org/bots/api#messagegenerationstopped).
 */
export function stoppedTopicOf({ message_thread_id }: { message_thread_id?: unknown }): number | undefined {
  return isId(message_thread_id) ? message_thread_id : undefined;
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
