/** The forum topic of an event. */

type Message = { message_thread_id?: unknown; is_topic_message?: unknown; message?: unknown } | null | undefined;

/**
 * The topic of the event's message, or of the message that the event is about. The id of a thread that is no topic is none: calls
 * with it are refused.
 */
export function topicOf(event: object): number | undefined {
  const { message } = event as { message?: Message };
  for (const one of [event as Message, message]) {
    if (one?.is_topic_message === true) return one.message_thread_id as number;
  }
  return undefined;
}
