/** The state of the page: the world, and the place in it of the person in front of it. */

import type { Message, User } from "@grammyjs/types";
import { computed, effect, signal } from "@preact/signals";
import { type Draft, EMPTY, withReply } from "./drafts.ts";
import { callsByMessage, callsByUpdate } from "./links.ts";
import { act, bots, listen, snapshot } from "./server.ts";
import {
  after,
  type ChatState,
  chatsWithNewKeyboard,
  GENERAL,
  type Happening,
  newChat,
  repliesAsked,
  unreadIn,
  type WorldState,
  worldOf,
} from "./world.ts";

export const world = signal<WorldState | undefined>(undefined);
export const isConnected = signal(false);
/** The person whom one is. */
export const me = signal<User | undefined>(undefined);
/** The open chat. On a phone none is open at first. */
export const openChat = signal<number | undefined>(undefined);
/** The message_thread_id of the open topic of a forum. */
export const openTopic = signal<number | undefined>(undefined);
/** The place in which one writes: each person has a draft in each chat and topic. */
const placeIn = (chat_id?: number, topic?: number) => `${me.value?.id} ${chat_id} ${topic}`;
export const place = computed(() => placeIn(openChat.value, openTopic.value));
const drafts = signal<ReadonlyMap<string, Draft>>(new Map());
export const draft = computed(() => draftAt(place.value));
export const draftAt = (place: string): Draft => drafts.value.get(place) ?? EMPTY;

/** @param at default: the place in which one is */
export function write(next: Draft, at = place.value): void {
  drafts.value = new Map(drafts.value).set(at, next);
}

/** The people who have used the keyboard of a chat that is for one use. */
const usersOfKeyboards = signal<ReadonlyMap<number, ReadonlySet<number>>>(new Map());
export const isKeyboardUsed = (chat_id: number) => usersOfKeyboards.value.get(chat_id)?.has(me.value!.id) ?? false;

export function noteKeyboard(chat_id: number, isUsed: boolean): void {
  const users = new Set(usersOfKeyboards.value.get(chat_id));
  if (isUsed) users.add(me.value!.id);
  else users.delete(me.value!.id);
  usersOfKeyboards.value = new Map(usersOfKeyboards.value).set(chat_id, users);
}

/** The key of the last message that each person has seen in each chat. */
const seen = signal<ReadonlyMap<string, number>>(new Map());
/** The date of the first snapshot: messages up to then count as seen. */
let since: number | undefined;
export const unread = (state: ChatState) =>
  unreadIn(state, me.value!, seen.value.get(placeIn(state.chat.id)), since ?? 0);

function seeOpenChat(): void {
  const last = [...(chat.value?.messages.keys() ?? [])].at(-1);
  const at = placeIn(openChat.value);
  if (last !== undefined && seen.peek().get(at) !== last) seen.value = new Map(seen.peek()).set(at, last);
}

/** The message of the open chat that is to be forwarded. */
export const forwarding = signal<number | undefined>(undefined);
export const problem = signal<string | undefined>(undefined);
/** The panel beside the chat, and the call that it shows. */
export const panel = signal<"updates" | "calls" | "weather" | undefined>(undefined);
export const openCall = signal<number | undefined>(undefined);
/** The update that the panel shows. */
export const openUpdate = signal<number | undefined>(undefined);

/** The bots that have a world, the one that is shown among them. */
export const worlds = signal<Awaited<ReturnType<typeof bots>>>([]);

/** The chats that the person is in. The private chat with the bot is there from the beginning. */
export const chats = computed<ChatState[]>(() => {
  const [now, person] = [world.value, me.value];
  if (now === undefined || person === undefined) return [];
  const isIn = ({ chat, members }: ChatState) => chat.type !== "private" && members.includes(person.id);
  return [now.chats.get(person.id) ?? newChat(person, now.commands), ...[...now.chats.values()].filter(isIn)];
});

/** Groups and channels that the person is not in. */
export const otherChats = computed<ChatState[]>(() => {
  const mine = new Set(chats.value);
  return [...(world.value?.chats.values() ?? [])].filter((state) => state.chat.type !== "private" && !mine.has(state));
});

export const chat = computed<ChatState | undefined>(() => chats.value.find(({ chat }) => chat.id === openChat.value));

const calls = computed(() => world.value?.calls);
const madeCalls = () => calls.value?.values() ?? [];
// Not for each message: in a flood, hundreds are shown, and thousands of calls are known.
export const callsOfMessages = computed(() => callsByMessage(madeCalls()));
export const callsOfUpdates = computed(() => callsByUpdate(madeCalls()));

const FIRST_PERSON = "ann";

let waiting: Happening[] = [];
/** True once the snapshot is newer than the connection: nothing is missing in between. */
let isFresh = false;
let isScheduled = false;
/** The last reading of the world. */
let refreshed = Promise.resolve();

/** Begins to show the world, and goes on. */
export function start(): void {
  const connected = () => {
    isConnected.value = true;
    void tell(refresh());
  };
  const lost = () => {
    isConnected.value = false;
  };
  listen(take, connected, lost);
  effect(seeOpenChat);
  setInterval(() => void lookForBots(), BOTS_EVERY);
}

/** Pause between two looks for bots that are new to the simulator: ms. They are in no event of this world. */
const BOTS_EVERY = 2000;

async function lookForBots(): Promise<void> {
  if (!isConnected.value) return;
  const found = await bots().catch(() => worlds.value);
  if (found.length !== worlds.value.length) worlds.value = found;
}

/** Reads the world again: people, members, topics and the bot's settings are in no event. One reading follows the other: the last one is the newest. */
export function refresh(): Promise<void> {
  isFresh = false;
  refreshed = refreshed.catch(() => {}).then(readWorld);
  return refreshed;
}

async function readWorld(): Promise<void> {
  me.value ??= await act("user", { name: FIRST_PERSON });
  // Later, none is open where one has left it.
  if (world.value === undefined && !isNarrow()) openChat.value ??= me.value.id;
  worlds.value = await bots();
  const read = await snapshot(me.value.id);
  since ??= read.date;
  // What no snapshot has may have come while it was on its way.
  const inChats = waiting.filter(concernsUs).filter(({ type }) => type === "chat");
  world.value = worldOf(read, world.value && after(world.value, inChats, Date.now()).world);
  document.title = `${read.bot.first_name} · Simulator`;
  isFresh = true;
  show();
}

const isNarrow = () => matchMedia("(max-width: 700px)").matches;

function take(happening: Happening): void {
  waiting.push(happening);
  if (isScheduled) return;
  isScheduled = true;
  // Many things happen between two pictures. A page in the background is shown no pictures, but gets this.
  setTimeout(() => {
    isScheduled = false;
    show();
  }, 16);
}

function show(): void {
  if (!isFresh || waiting.length === 0) return;
  const happenings = waiting.filter(concernsUs);
  waiting = [];
  const next = after(world.value!, happenings, Date.now());
  world.value = next.world;
  const renewed = new Set(chatsWithNewKeyboard(happenings));
  if (renewed.size > 0)
    usersOfKeyboards.value = new Map([...usersOfKeyboards.value].filter(([id]) => !renewed.has(id)));
  for (const message of repliesAsked(happenings, me.value!)) askForReply(message);
  if (next.isStale) void tell(refresh());
}

/** Begins a reply, but no edit ends for it. */
function askForReply({ chat, message_id, message_thread_id = GENERAL }: Message): void {
  const isHere = openChat.value === chat.id && [undefined, message_thread_id].includes(openTopic.value);
  const at = isHere ? place.value : placeIn(chat.id);
  if (draftAt(at).editing === undefined) write(withReply(draftAt(at), message_id), at);
}

/** Private chats of others are not shown, nor what others alone are to see. */
function concernsUs(happening: Happening): boolean {
  if (happening.type !== "chat") return true;
  const { chat_id } = happening.data;
  if ("receiver_user_id" in happening.data) return happening.data.receiver_user_id === me.value?.id;
  return chat_id < 0 || chat_id === me.value?.id;
}

/** Shows the reason if it fails. */
export async function tell<Result>(doing: Promise<Result>): Promise<Result | undefined> {
  try {
    return await doing;
  } catch (error) {
    problem.value = (error as Error).message;
    return undefined;
  }
}

export function open(chat_id: number, topic?: number): void {
  openChat.value = chat_id;
  openTopic.value = topic;
}

export async function become(name: string): Promise<void> {
  const wasPrivate = openChat.value === undefined || openChat.value > 0;
  me.value = await act("user", { name });
  await refresh();
  if (wasPrivate || chat.value === undefined) open(me.value.id);
}

/** The open topic, for what one writes. The General topic has no thread. */
export const inTopic = () => {
  const topic = openTopic.value;
  return topic === undefined || topic === GENERAL ? {} : { topic };
};

/** The person who acts, and the place. */
export const here = () => ({ user_id: me.value!.id, chat_id: openChat.value ?? me.value!.id });
