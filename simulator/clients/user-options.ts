/** Options of what users do. */

import type { Message, OrderInfo } from "@grammyjs/types";
import type { WaitOptions } from "./expectations.ts";
import type { SimulatedChat } from "./simulated-chat.ts";

export interface Where {
  chat?: SimulatedChat;
}

/** The bot's connection to a business account. */
export interface Business {
  id: string;
}

export interface SendOptions extends Where {
  /** The message to reply to, or its id. */
  reply_to?: Message | number;
  /** The message_thread_id of a forum's topic. */
  topic?: number;
  /** Writes to a business account, of `connectBusiness()`, instead of a chat. */
  business?: Business;
}

export interface FileOptions extends SendOptions {
  caption?: string;
  /** Files with the same name of an album are shown together: their messages have one media_group_id. */
  album?: string;
}

export interface StickerOptions extends SendOptions {
  /** The emoji that it stands for. */
  emoji?: string;
}

export interface AudioOptions extends FileOptions {
  /** Name of the file; its end decides the default type: `.mp3` (the default), `.m4a`, `.ogg` or `.flac`. */
  name?: string;
  /** MIME type. */
  type?: string;
  /** Seconds; default: an estimate by the size of the file. */
  duration?: number;
  performer?: string;
  title?: string;
}

export interface AnimationOptions extends FileOptions {
  /** Name of the file; its end decides the default type: `.mp4` (the default) or `.gif`. */
  name?: string;
  /** MIME type. */
  type?: string;
  /** Seconds; default: an estimate by the size of the file. */
  duration?: number;
  /** Pixels; default 480. */
  width?: number;
  /** Pixels; default 270. */
  height?: number;
}

export interface VoiceOptions extends FileOptions {
  /** Name of the file; its end decides the default type: `.ogg` (the default), `.mp3` or `.m4a`. */
  name?: string;
  /** MIME type. */
  type?: string;
  /** Seconds; default: an estimate by the size of the file. */
  duration?: number;
}

export interface VideoOptions extends FileOptions {
  /** Name of the file; its end decides the default type: `.mp4` (the default), `.mov`, `.webm` or `.mkv`. */
  name?: string;
  /** MIME type. */
  type?: string;
  /** Seconds; default: an estimate by the size of the file. */
  duration?: number;
  /** Pixels; default 1280. */
  width?: number;
  /** Pixels; default 720. */
  height?: number;
}

export interface PayOptions extends WaitOptions {
  /** In the smallest units of the currency. */
  tip?: number;
  /** Default: the first that the bot offers. */
  shipping_option_id?: string;
  /** Default: what the invoice needs, with made-up values. */
  order_info?: OrderInfo;
}
