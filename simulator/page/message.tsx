/** One message: who, what, when, and what one can do with it. */

import type { InlineKeyboardButton, Message as TelegramMessage } from "@grammyjs/types";
import { useSignal } from "@preact/signals";
import { useEffect, useErrorBoundary } from "preact/hooks";
import type { Reaction } from "../state/journal.ts";
import { Content } from "./content.tsx";
import { type Draft, withEdit, withReply } from "./drafts.ts";
import { callOf } from "./links.ts";
import { colourOf, nameOf, originName, summaryOf, timeOf } from "./names.ts";
import { act } from "./server.ts";
import { callsOfMessages, draft, forwarding, here, inTopic, me, openCall, panel, tell, world, write } from "./state.ts";
import { Text } from "./text.tsx";
import { keyOf } from "./world.ts";

const REACTIONS = ["👍", "❤", "🔥", "😁", "😢"];

interface MessageProps {
  message: TelegramMessage;
  reactions: readonly Reaction[] | undefined;
  isDeleted: boolean;
  /** The album goes on with the next message. */
  isInAlbum: boolean;
}

/** A test may push a message that is none: the others are shown nevertheless. */
export function Message(props: MessageProps) {
  const [error] = useErrorBoundary();
  if (error !== undefined) return <li class="message quiet">A message that cannot be shown</li>;
  return <SoundMessage {...props} />;
}

function SoundMessage({ message, reactions, isDeleted, isInAlbum }: MessageProps) {
  const { message_id, from, sender_chat, date, edit_date, reply_to_message, quote, via_bot, forward_origin } = message;
  const { ephemeral_message_id } = message;
  const { text = message.caption, entities = message.caption_entities } = message;
  const isMine = from?.id === me.value!.id;
  const isBots = from?.id === world.value!.bot.id || from === undefined;
  const send = (command: string) => void tell(act("send", { ...here(), content: { text: command }, ...inTopic() }));
  const name = from === undefined ? (sender_chat?.title ?? "") : nameOf(from);
  const classes = ["message", isMine && "is-mine", isDeleted && "is-deleted", isInAlbum && "in-album"];
  return (
    <li class={classes.filter(Boolean).join(" ")} data-message={message_id} tabIndex={-1}>
      <article>
        {!isMine && <b class={`name ${colourOf(from?.id ?? 0)}`}>{name}</b>}
        {via_bot !== undefined && <span class="origin quiet">via @{via_bot.username}</span>}
        {forward_origin !== undefined && <span class="origin quiet">forwarded from {originName(forward_origin)}</span>}
        {reply_to_message !== undefined && <q>{quote?.text ?? summaryOf(reply_to_message)}</q>}
        <Content message={message} />
        {text !== undefined && <Text text={text} entities={entities} send={send} />}
        <footer class="quiet">
          <Reactions reactions={reactions} />
          {isDeleted ? "deleted " : edit_date !== undefined && "edited "}
          <time>{timeOf(date)}</time>
          {isBots && <CallLink message={message} />}
        </footer>
        {ephemeral_message_id !== undefined && <span class="origin quiet">only you see this</span>}
        {!isDeleted && ephemeral_message_id === undefined && (
          <Actions message={message} reactions={reactions} isMine={isMine} text={text} />
        )}
      </article>
      {!isDeleted && <InlineKeyboard message={message} />}
    </li>
  );
}

function Reactions({ reactions = [] }: { reactions: readonly Reaction[] | undefined }) {
  const emoji = reactions.flatMap(({ reaction }) => reaction.map((one) => ("emoji" in one ? one.emoji : one.type)));
  return emoji.length === 0 ? null : <span class="reactions">{emoji.join(" ")} </span>;
}

/** From a message to the call that made it. */
function CallLink({ message }: { message: TelegramMessage }) {
  const call = callOf(callsOfMessages.value, keyOf(message), message.chat.id);
  if (call === undefined) return null;
  const show = () => {
    panel.value = "calls";
    openCall.value = call.number;
  };
  return (
    <button type="button" class="link" onClick={show}>
      {call.method}
    </button>
  );
}

interface ActionsProps {
  message: TelegramMessage;
  reactions: readonly Reaction[] | undefined;
  isMine: boolean;
  /** Or its caption. */
  text: string | undefined;
}

function Actions({ message, reactions = [], isMine, text }: ActionsProps) {
  const { message_id } = message;
  const given = reactions.find(({ actor_id }) => actor_id === me.value!.id)?.reaction ?? [];
  const isGiven = (emoji: string) => given.some((one) => "emoji" in one && one.emoji === emoji);
  // A second click takes it back.
  const react = (emoji: string) => tell(act("react", { ...here(), message_id, ...(!isGiven(emoji) && { emoji }) }));
  const focusText = (next: Draft) => {
    write(next);
    document.getElementById("text")?.focus();
  };
  return (
    <div class="actions">
      {REACTIONS.map((emoji) => (
        <button
          type="button"
          key={emoji}
          aria-pressed={isGiven(emoji)}
          onClick={() => react(emoji)}
          aria-label={`React with ${emoji}`}
        >
          {emoji}
        </button>
      ))}
      <button type="button" onClick={() => focusText(withReply(draft.value, message_id))}>
        Reply
      </button>
      {!message.has_protected_content && (
        <button type="button" onClick={() => (forwarding.value = message_id)}>
          Forward
        </button>
      )}
      {isMine && text !== undefined && (
        <button type="button" onClick={() => focusText(withEdit(draft.value, message_id, text))}>
          Edit
        </button>
      )}
      {isMine && (
        <button type="button" onClick={() => tell(act("delete", { ...here(), message_id }))}>
          Delete
        </button>
      )}
    </div>
  );
}

function InlineKeyboard({ message: { message_id, reply_markup } }: { message: TelegramMessage }) {
  const rows = reply_markup?.inline_keyboard ?? [];
  /** The pressed button that the bot has not answered yet. */
  const waiting = useSignal<{ button: InlineKeyboardButton; query: string } | undefined>(undefined);
  const answer = world.value!.answers.get(me.value!.id);
  useEffect(() => {
    if (answer?.type === "callback-answer" && answer.callback_query_id === waiting.value?.query)
      waiting.value = undefined;
  }, [answer, waiting.value]);
  const choose = async (button: InlineKeyboardButton, row: number, column: number) => {
    const query = await press(message_id, button, { row, column });
    waiting.value = query === undefined ? undefined : { button, query };
  };
  return (
    <div class="inline-keyboard">
      {rows.map((row, at) => (
        <div class="row" key={at}>
          {row.map((button, column) => (
            <button
              type="button"
              key={column}
              aria-busy={waiting.value?.button === button}
              onClick={() => tell(choose(button, at, column))}
            >
              {button.text}
            </button>
          ))}
        </div>
      ))}
    </div>
  );
}

/**
 * Some buttons send the bot nothing: they copy a text, or write a query to the bot for one to choose from.
 * @returns the id of the query that the bot has to answer
 */
async function press(
  message_id: number,
  button: InlineKeyboardButton,
  place: { row: number; column: number },
): Promise<string | undefined> {
  const query = queryOf(button);
  if (query !== undefined) write({ text: `@${world.value!.bot.username} ${query}` });
  else if ("copy_text" in button) await navigator.clipboard.writeText(button.copy_text.text);
  else if ("pay" in button) await act("pay", { ...here(), message_id });
  else {
    const { url, callback_query_id } = await act("press", { ...here(), message_id, button: place });
    if (url !== undefined && /^https?:/.test(url)) window.open(url, "_blank", "noopener,noreferrer");
    return callback_query_id;
  }
  return undefined;
}

/** In place of another chat the query is written in this one. */
function queryOf(button: InlineKeyboardButton): string | undefined {
  if ("switch_inline_query" in button) return button.switch_inline_query;
  if ("switch_inline_query_current_chat" in button) return button.switch_inline_query_current_chat;
  return "switch_inline_query_chosen_chat" in button ? (button.switch_inline_query_chosen_chat.query ?? "") : undefined;
}
