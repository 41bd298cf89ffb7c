/** The people whom one can be, and the chats of the one who one is. */

import { useSignal } from "@preact/signals";
import { colourOf, nameOf, summaryOf, titleOf } from "./names.ts";
import { act, token } from "./server.ts";
import {
  become,
  chats,
  me,
  open,
  openChat,
  openTopic,
  otherChats,
  panel,
  refresh,
  tell,
  unread,
  world,
  worlds,
} from "./state.ts";
import type { ChatState } from "./world.ts";

export function ChatList() {
  const wanted = useSignal("");
  const { bot } = world.value!;
  const search = wanted.value.toLowerCase();
  const found = chats.value.filter(({ chat }) => titleOf(chat, bot.first_name).toLowerCase().includes(search));
  const openFirst = (event: Event) => {
    event.preventDefault();
    if (found[0] !== undefined) open(found[0].chat.id);
    wanted.value = "";
  };
  return (
    <nav class="chats" aria-label="Chats">
      <Worlds />
      <People />
      <form onSubmit={openFirst}>
        <input
          id="find"
          type="search"
          placeholder="Find a chat (Ctrl K)"
          aria-label="Find a chat"
          value={wanted.value}
          onInput={({ currentTarget }) => (wanted.value = currentTarget.value)}
        />
      </form>
      <ul>
        {found.map((state) => (
          <Row key={state.chat.id} state={state} botName={bot.first_name} />
        ))}
        <OtherChats search={search} />
      </ul>
      <NewChat />
      <PanelButtons />
    </nav>
  );
}

/** `asgigram simulator` has a world for each token that a bot has used. */
function Worlds() {
  if (worlds.value.length < 2) return null;
  const [own] = worlds.value;
  return (
    <select
      aria-label="Bot"
      value={token ?? own!.token}
      onChange={({ currentTarget }) => location.assign(`/?bot=${encodeURIComponent(currentTarget.value)}`)}
    >
      {worlds.value.map(({ token, bot }) => (
        <option key={token} value={token}>
          {bot.first_name} {token}
        </option>
      ))}
    </select>
  );
}

function People() {
  const { people } = world.value!;
  const create = (event: SubmitEvent) => {
    event.preventDefault();
    const field = (event.currentTarget as HTMLFormElement).elements.namedItem("name") as HTMLInputElement;
    if (field.value.trim() !== "") void tell(become(field.value.trim()));
    field.value = "";
  };
  return (
    <details class="people">
      <summary>
        <span class="quiet">You are</span> {nameOf(me.value!)}
      </summary>
      <ul>
        {people.map(({ user, blocked }) => (
          <li key={user.id}>
            <button type="button" aria-pressed={user.id === me.value!.id} onClick={() => tell(become(user.first_name))}>
              {nameOf(user)} {blocked && <span class="quiet">has blocked the bot</span>}
            </button>
          </li>
        ))}
      </ul>
      <form onSubmit={create}>
        <input name="name" placeholder="A new person" aria-label="Name of a new person" autocomplete="off" />
      </form>
    </details>
  );
}

function Row({ state, botName }: { state: ChatState; botName: string }) {
  const { chat, messages, topics } = state;
  const last = [...messages.values()].at(-1);
  const isOpen = openChat.value === chat.id;
  const count = isOpen ? 0 : unread(state);
  const title = titleOf(chat, botName);
  return (
    <li>
      <button type="button" class="chat" aria-current={isOpen} onClick={() => open(chat.id)}>
        <span class={`avatar ${colourOf(chat.id)}`}>{[...title][0]}</span>
        <span class="title">
          {title} <span class="quiet">{chat.type === "private" ? "bot" : chat.type}</span>
        </span>
        {count > 0 && (
          <span class="unread" role="img" aria-label={`${count} unread`}>
            {count}
          </span>
        )}
        <span class="last">{last === undefined ? "No messages" : summaryOf(last)}</span>
      </button>
      {isOpen && topics.length > 0 && (
        <ul class="topics">
          {topics.map(({ message_thread_id, name }) => (
            <li key={message_thread_id}>
              <button
                type="button"
                aria-current={openTopic.value === message_thread_id}
                onClick={() => open(chat.id, message_thread_id)}
              >
                # {name}
              </button>
            </li>
          ))}
          <NewTopic chat_id={chat.id} />
        </ul>
      )}
    </li>
  );
}

function NewTopic({ chat_id }: { chat_id: number }) {
  const create = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const name = String(new FormData(form).get("name")).trim();
    if (name === "") return;
    form.reset();
    const thread = await act("createTopic", { user_id: me.value!.id, chat_id, name });
    await refresh();
    open(chat_id, thread);
  };
  return (
    <li>
      <form onSubmit={(event) => tell(create(event))}>
        <input name="name" placeholder="A new topic" aria-label="Name of a new topic" autocomplete="off" />
      </form>
    </li>
  );
}

/** One person has created them; the others may join. */
function OtherChats({ search }: { search: string }) {
  const join = async (chat_id: number) => {
    await act("join", { user_id: me.value!.id, chat_id });
    await refresh();
    open(chat_id);
  };
  const found = otherChats.value.filter(({ chat }) => titleOf(chat, "").toLowerCase().includes(search));
  return found.map(({ chat }) => (
    <li key={chat.id}>
      <button type="button" class="link" onClick={() => tell(join(chat.id))}>
        Join {titleOf(chat, "")}
      </button>
    </li>
  ));
}

const TYPES = ["group", "supergroup", "forum", "channel"] as const;

function NewChat() {
  const create = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const { title, type } = Object.fromEntries(new FormData(form)) as { title: string; type: (typeof TYPES)[number] };
    if (title.trim() === "") return;
    const isForum = type === "forum";
    const made = await act("chat", {
      title: title.trim(),
      type: isForum ? "supergroup" : type,
      owner_id: me.value!.id,
      ...(isForum && { forum: true }),
    });
    form.reset();
    await refresh();
    if (!chats.value.some(({ chat }) => chat.id === made.id)) {
      await act("join", { user_id: me.value!.id, chat_id: made.id });
      await refresh();
    }
    open(made.id);
  };
  return (
    <form class="new-chat" onSubmit={(event) => tell(create(event))}>
      <input name="title" placeholder="New group or channel" aria-label="Title of a new chat" autocomplete="off" />
      <select name="type" aria-label="Type of the new chat">
        {TYPES.map((type) => (
          <option key={type}>{type}</option>
        ))}
      </select>
      <button type="submit">Create</button>
    </form>
  );
}

function PanelButtons() {
  const toggle = (name: "updates" | "weather") => () => (panel.value = panel.value === name ? undefined : name);
  return (
    <div class="panel-buttons">
      <button type="button" aria-pressed={panel.value === "updates"} onClick={toggle("updates")}>
        Inspector
      </button>
      <button type="button" aria-pressed={panel.value === "weather"} onClick={toggle("weather")}>
        Weather
      </button>
    </div>
  );
}
