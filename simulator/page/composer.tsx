/** The lower part of a chat, to write text, commands, files and places; and the keyboards and offers of the bot. */

import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { sendFiles } from "./files.ts";
import { InlineOffers } from "./inline-offers.tsx";
import { summaryOf } from "./names.ts";
import { act } from "./server.ts";
import { draft, here, me, openTopic, tell, world } from "./state.ts";
import { type ChatState, GENERAL } from "./world.ts";

export function Composer({ state }: { state: ChatState }) {
  const text = useSignal("");
  const field = useRef<HTMLTextAreaElement>(null);
  const { replyTo, editing } = draft.value;
  const { bot, commands } = world.value!;

  // At once: what one types from the next key on is not to be replaced.
  useLayoutEffect(() => {
    if (editing === undefined) return;
    text.value = state.messages.get(editing)?.text ?? "";
    field.current!.focus();
  }, [editing]);

  const submit = async () => {
    const written = text.value.trim();
    if (written === "") return;
    text.value = "";
    draft.value = {};
    const content = { text: written };
    try {
      if (editing !== undefined) await act("edit", { ...here(), message_id: editing, content });
      else await act("send", { ...here(), content, ...inReply(replyTo), ...inTopic() });
    } catch (error) {
      text.value = written;
      throw error;
    }
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      void tell(submit());
    } else if (event.key === "ArrowUp" && text.value === "" && editLast(state)) event.preventDefault();
  };

  const query = inlineQueryIn(text.value, bot.username);
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
      {query !== undefined && <InlineOffers query={query} done={() => (text.value = "")} />}
      <Commands
        text={text.value}
        commands={commands}
        choose={(command) =>
          tell(act("send", { ...here(), content: { text: `/${command}` }, ...inTopic() })).then(() => (text.value = ""))
        }
      />
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void tell(submit());
        }}
      >
        <Attach />
        <textarea
          id="text"
          ref={field}
          rows={1}
          placeholder="Message"
          aria-label="Message"
          value={text.value}
          onInput={({ currentTarget }) => (text.value = currentTarget.value)}
          onKeyDown={onKeyDown}
        />
        <button type="submit">{editing === undefined ? "Send" : "Save"}</button>
      </form>
      <ReplyKeyboard state={state} />
    </section>
  );
}

const inReply = (reply_to: number | undefined) => (reply_to === undefined ? {} : { reply_to });
const inTopic = () => {
  const topic = openTopic.value;
  return topic === undefined || topic === GENERAL ? {} : { topic };
};

/** @returns false if the person has written nothing here */
function editLast({ messages, deleted }: ChatState): boolean {
  const isMine = (id: number) =>
    !deleted.has(id) && messages.get(id)!.from?.id === me.value!.id && messages.get(id)!.text;
  const last = [...messages.keys()].findLast(isMine);
  if (last !== undefined) draft.value = { editing: last };
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
      <button type="button" onClick={() => (draft.value = {})} aria-label="Cancel">
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
    <ul class="commands" aria-label="Commands">
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

function Attach() {
  const send = (content: object) => tell(act("send", { ...here(), content, ...inTopic() }));
  const contact = () => ({
    contact: { phone_number: "+15550100", first_name: me.value!.first_name, user_id: me.value!.id },
  });
  return (
    <details class="attach">
      <summary aria-label="Attach">+</summary>
      <div>
        <label>
          File, photo, video, voice
          <input
            type="file"
            multiple
            onChange={({ currentTarget }) =>
              tell(sendFiles([...(currentTarget.files ?? [])], { ...here(), ...inTopic() })).then(
                () => (currentTarget.value = ""),
              )
            }
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

function ReplyKeyboard({ state: { keyboard } }: { state: ChatState }) {
  if (keyboard === null) return null;
  return (
    <fieldset class="reply-keyboard" aria-label="The bot's keyboard">
      {keyboard.keyboard.map((row, at) => (
        <div class="row" key={at}>
          {row.map((button, column) => {
            const text = typeof button === "string" ? button : button.text;
            return (
              <button type="button" key={column} onClick={() => tell(act("press", { ...here(), button: text }))}>
                {text}
              </button>
            );
          })}
        </div>
      ))}
    </fieldset>
  );
}
