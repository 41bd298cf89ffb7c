/** The open chat. */

import { signal, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Composer } from "./composer.tsx";
import { Message } from "./message.tsx";
import { counted, titleOf } from "./names.ts";
import { act } from "./server.ts";
import { chat, here, me, openChat, openTopic, panel, refresh, tell, world } from "./state.ts";
import { type ChatState, GENERAL } from "./world.ts";

export function Conversation() {
  const state = chat.value;
  if (state === undefined) return <main class="conversation empty">Choose a chat.</main>;
  const { bot } = world.value!;
  return (
    <main class="conversation" key={`${state.chat.id} ${openTopic.value}`}>
      <header>
        <button type="button" class="back" onClick={() => (openChat.value = undefined)} aria-label="Back to the chats">
          ‹
        </button>
        <h1>{titleOf(state.chat, bot.first_name)}</h1>
        <span class="quiet">{subtitle(state)}</span>
        {state.chat.type === "private" ? <Block /> : <Leave />}
        <button type="button" class="inspect" onClick={() => (panel.value = "updates")}>
          Inspector
        </button>
      </header>
      <Messages state={state} />
      <Action state={state} />
      <AnswerToButton />
      <Composer state={state} />
    </main>
  );
}

function Block() {
  const isBlocked = world.value!.people.some(({ user, blocked }) => blocked && user.id === me.value!.id);
  const [word, status] = isBlocked ? (["Unblock", "member"] as const) : (["Block", "kicked"] as const);
  return (
    <button
      type="button"
      aria-label={`${word} the bot`}
      onClick={() => tell(act("botStatus", { ...here(), status }).then(refresh))}
    >
      {word}
    </button>
  );
}

function Leave() {
  const leave = async () => {
    await act("leave", here());
    openChat.value = undefined;
    await refresh();
  };
  return (
    <button type="button" onClick={() => tell(leave())}>
      Leave
    </button>
  );
}

function subtitle({ chat, members, topics }: ChatState): string {
  if (chat.type === "private") return `@${world.value!.bot.username}`;
  const topic = topics.find(({ message_thread_id }) => message_thread_id === openTopic.value);
  return topic === undefined ? counted(members.length, "member") : `# ${topic.name}`;
}

/** Messages that are shown at first, and each time that one asks for more. */
const PORTION = 200;

function Messages({ state }: { state: ChatState }) {
  const portions = useSignal(1);
  const list = useRef<HTMLOListElement>(null);
  const isAtEnd = useRef(true);
  const topic = openTopic.value;
  const isHere = (thread = GENERAL) => topic === undefined || thread === topic;
  const all = [...state.messages].filter(([, { message_thread_id }]) => isHere(message_thread_id));
  const shown = all.slice(-PORTION * portions.value);
  useLayoutEffect(() => {
    if (isAtEnd.current) list.current!.scrollTop = list.current!.scrollHeight;
  });
  const noteScroll = ({ currentTarget: { scrollTop, scrollHeight, clientHeight } }: { currentTarget: HTMLElement }) => {
    isAtEnd.current = scrollHeight - scrollTop - clientHeight < 40;
  };
  const move = (event: KeyboardEvent) => {
    const { key, target } = event;
    const item = (target as HTMLElement).closest("li");
    const above = item === null ? list.current!.lastElementChild : item.previousElementSibling;
    const next = key === "ArrowUp" ? above : key === "ArrowDown" ? item?.nextElementSibling : null;
    if (!(next instanceof HTMLElement)) return;
    event.preventDefault();
    next.focus();
  };
  return (
    <ol
      class="messages"
      ref={list}
      onScroll={noteScroll}
      onKeyDown={move}
      aria-label="Messages"
      aria-live="polite"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and Up leads to the messages
      tabIndex={0}
    >
      {shown.length < all.length && (
        <li class="earlier">
          <button type="button" onClick={() => (portions.value += 1)}>
            Earlier messages
          </button>
        </li>
      )}
      {shown.map(([key, message], i) => (
        <Message
          key={key}
          message={message}
          reactions={state.reactions.get(key)}
          isDeleted={state.deleted.has(key)}
          isInAlbum={
            message.media_group_id !== undefined && shown[i + 1]?.[1].media_group_id === message.media_group_id
          }
        />
      ))}
    </ol>
  );
}

/** Telegram shows an action for five seconds. */
const ACTION = 5000;

function Action({ state: { action } }: { state: ChatState }) {
  const isOver = useSignal(false);
  useEffect(() => {
    isOver.value = false;
    const timer = setTimeout(() => (isOver.value = true), (action?.at ?? 0) + ACTION - Date.now());
    return () => clearTimeout(timer);
  }, [action]);
  if (action === undefined || isOver.value || Date.now() - action.at > ACTION) return null;
  const doing = action.name === "typing" ? "is typing" : action.name.replaceAll("_", " ");
  return (
    <p class="action quiet" role="status">
      {world.value!.bot.first_name}: {doing} …
    </p>
  );
}

/** The `seq` of the last answer that was closed: it is so when the chat is opened again. */
const closed = signal(0);

/** The bot's answer to the person's latest button or payment, in the chat where that was. */
function AnswerToButton() {
  const answer = world.value!.answers.get(me.value!.id);
  if (answer === undefined || answer.chat_id !== openChat.value || answer.seq === closed.value) return null;
  const text = answer.type === "payment" ? (answer.ok ? undefined : answer.error_message) : (answer.text ?? answer.url);
  if (text === undefined) return null;
  return (
    <p class={`toast ${answer.type === "callback-answer" && answer.show_alert ? "alert" : ""}`} role="status">
      {text}
      <button type="button" onClick={() => (closed.value = answer.seq)} aria-label="Close">
        ✕
      </button>
    </p>
  );
}
