/** The lower part of a chat, to write text, commands, files and places; and the keyboards and offers of the bot. */

import type { Message } from "@grammyjs/types";
import { useEffect, useRef } from "preact/hooks";
import { rewritten } from "../state/content-kind.ts";
import { cancelled, type Draft, following, refused, withEdit } from "./drafts.ts";
import { sendFiles } from "./files.ts";
import { InlineOffers } from "./inline-offers.tsx";
import { isTyping, moveInOffers } from "./keys.ts";
import { summaryOf } from "./names.ts";
import { act } from "./server.ts";
import {
  chat,
  draft,
  draftAt,
  here,
  inTopic,
  isKeyboardUsed,
  me,
  noteKeyboard,
  place,
  tell,
  world,
  write,
} from "./state.ts";
import type { ChatState } from "./world.ts";

export function Composer({ state }: { state: ChatState }) {
  const { text, editing, replyTo } = draft.value;
  const { bot } = world.value!;
  const at = place.value;
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (replyTo !== undefined && !isTyping({ target: document.activeElement })) field.current!.focus();
  }, [replyTo]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (moveInOffers(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      void tell(submit(draft.value));
    } else if (event.key === "ArrowUp" && draft.value.text === "" && editLast(state)) event.preventDefault();
  };

  const query = inlineQueryIn(text, bot.username);
  return (
    <section
      class="composer"
      aria-label="Write"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        void tell(sendFiles([...(event.dataTransfer?.files ?? [])], { ...here(), ...inTopic() }));
      }}
    >
      <DraftBar state={state} />
      {query !== undefined && <InlineOffers query={query} done={() => write(following(draftAt(at)), at)} />}
      <Commands
        text={text}
        commands={state.commands}
        choose={(command) => tell(submit({ ...draft.value, text: `/${command}` }))}
      />
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void tell(submit(draft.value));
        }}
      >
        <Attach />
        <textarea
          id="text"
          ref={field}
          rows={1}
          placeholder={state.keyboard?.input_field_placeholder ?? "Message"}
          aria-label="Message"
          value={text}
          onInput={({ currentTarget }) => write({ ...draft.value, text: currentTarget.value })}
          onKeyDown={onKeyDown}
        />
        <button type="submit">{editing === undefined ? "Send" : "Save"}</button>
      </form>
      {state.chat.type === "private" && state.messages.size === 0 && (
        <button type="button" class="start" onClick={() => tell(submit({ text: "/start" }))}>
          Start
        </button>
      )}
      <ReplyKeyboard state={state} />
    </section>
  );
}

/** The field is free at once: one may write on before the message is sent. */
async function submit(sent: Draft): Promise<void> {
  const text = sent.text.trim();
  if (text === "") return;
  const at = place.value;
  write(following(sent), at);
  const { editing, replyTo } = sent;
  const edited = chat.value?.messages.get(editing ?? 0) ?? sent;
  try {
    if (editing !== undefined) await act("edit", { ...here(), message_id: editing, content: rewritten(edited, text) });
    else await act("send", { ...here(), content: { text }, ...inReply(replyTo), ...inTopic() });
  } catch (error) {
    write(refused(sent, draftAt(at)), at);
    throw error;
  }
}

const inReply = (reply_to: number | undefined) => (reply_to === undefined ? {} : { reply_to });

/** @returns false if the person has written nothing here */
function editLast({ messages, deleted }: ChatState): boolean {
  const isMine = ({ message_id, from, text, caption }: Message) =>
    !deleted.has(message_id) && from?.id === me.value!.id && (text ?? caption) !== undefined;
  const last = [...messages.values()].findLast(isMine);
  if (last !== undefined) write(withEdit(draft.value, last.message_id, (last.text ?? last.caption)!));
  return last !== undefined;
}

/** The text behind `@bot`; undefined if the bot is not asked. */
function inlineQueryIn(text: string, username: string): string | undefined {
  const start = `@${username} `;
  return text.startsWith(start) ? text.slice(start.length) : undefined;
}

function DraftBar({ state: { messages } }: { state: ChatState }) {
  const { replyTo, editing } = draft.value;
  const message = messages.get(replyTo ?? editing ?? 0);
  if (message === undefined) return null;
  return (
    <p class="draft">
      <b>{editing === undefined ? "Reply to" : "Edit"}</b> {summaryOf(message)}
      <button type="button" onClick={() => write(cancelled(draft.value))} aria-label="Cancel">
        ✕
      </button>
    </p>
  );
}

interface CommandsProps {
  text: string;
  commands: readonly { command: string; description: string }[];
  choose: (command: string) => void;
}

function Commands({ text, commands, choose }: CommandsProps) {
  const found = text.startsWith("/") ? commands.filter(({ command }) => `/${command}`.startsWith(text)) : [];
  if (found.length === 0) return null;
  return (
    <ul class="commands" aria-label="Commands" onKeyDown={moveInOffers}>
      {found.map(({ command, description }) => (
        <li key={command}>
          <button type="button" onClick={() => choose(command)}>
            <b>/{command}</b> <span class="quiet">{description}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

/** A place on the map, and a contact, to try out bots with. */
const LOCATION = { latitude: 52.5163, longitude: 13.3777 };

/** It closes with a choice. */
function Attach() {
  const menu = useRef<HTMLDetailsElement>(null);
  const close = () => (menu.current!.open = false);
  const send = (content: object) => {
    close();
    void tell(act("send", { ...here(), content, ...inTopic() }));
  };
  const contact = () => ({
    contact: { phone_number: "+15550100", first_name: me.value!.first_name, user_id: me.value!.id },
  });
  return (
    <details class="attach" ref={menu}>
      <summary aria-label="Attach">+</summary>
      <div>
        <label>
          File, photo, video, voice
          <input
            type="file"
            multiple
            onChange={({ currentTarget }) => {
              close();
              void tell(sendFiles([...(currentTarget.files ?? [])], { ...here(), ...inTopic() })).then(
                () => (currentTarget.value = ""),
              );
            }}
          />
        </label>
        <button type="button" onClick={() => send({ location: LOCATION })}>
          Location
        </button>
        <button type="button" onClick={() => send(contact())}>
          Contact
        </button>
      </div>
    </details>
  );
}

/** One for one use gives way to a button that shows it again: https://core.telegram.org/bots/api#replykeyboardmarkup */
function ReplyKeyboard({ state: { chat, keyboard } }: { state: ChatState }) {
  if (keyboard === null) return null;
  if (isKeyboardUsed(chat.id)) {
    return (
      <button type="button" onClick={() => noteKeyboard(chat.id, false)}>
        Show the keyboard
      </button>
    );
  }
  const press = async (button: string) => {
    // The bot may have a new one before the press is answered.
    if (keyboard.one_time_keyboard) noteKeyboard(chat.id, true);
    try {
      await act("press", { ...here(), button, ...inTopic() });
    } catch (error) {
      noteKeyboard(chat.id, false);
      throw error;
    }
  };
  return (
    <fieldset class="reply-keyboard" aria-label="The bot's keyboard">
      {keyboard.keyboard.map((row, at) => (
        <div class="row" key={at}>
          {row.map((button, column) => {
            const text = typeof button === "string" ? button : button.text;
            return (
              <button type="button" key={column} onClick={() => tell(press(text))}>
                {text}
              </button>
            );
          })}
        </div>
      ))}
    </fieldset>
  );
}
