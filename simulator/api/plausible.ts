/**
 * Results made from the schema alone: every required field is filled, from the call's parameters if they have it. Used
 * for the methods that the simulator does not implement, and for the content of all messages except text.
 */

import { type FieldSchema, objectSchema } from "../schemas.ts";
import { type FileStore, isUpload, type StoredFile } from "../state/files.ts";
import type { World } from "../state/world.ts";
import type { Call } from "./call.ts";
import { isObject, type Json } from "./fields.ts";

/** State that values are taken from. */
export interface Sources {
  world: World;
  files: FileStore;
}

type Echo = Readonly<Record<string, unknown>>;

/** Values of required fields that the call does not give. */
const DEFAULTS: Record<string, unknown> = {
  width: 640,
  height: 480,
  length: 240,
  duration: 1,
  value: 1,
  emoji: "🎲",
  is_anonymous: true,
  is_enabled: true,
  max_reaction_count: 11,
  currency: "XTR",
  invite_link: "https://t.me/+simulated",
  icon_color: 7322096,
};

/** A value of the type, which is one of the schema's: `true`, `string`, `MessageId[]`, … */
export function plausible(type: string, call: Call, sources: Sources): unknown {
  return new Filler(call, sources).value(type, call.method, call.values);
}

class Filler {
  readonly #call: Call;
  readonly #sources: Sources;

  constructor(call: Call, sources: Sources) {
    this.#call = call;
    this.#sources = sources;
  }

  /** @param echo the object with the values of fields: the parameters, or a structure in them */
  value(type: string, name: string, echo: Echo): unknown {
    if (type.endsWith("[]")) return this.#array(type.slice(0, -2), name, echo);
    const alternatives = type.includes(" | ") ? type.split(" | ") : objectSchema(type)?.alternatives;
    if (alternatives !== undefined) return this.#oneOf(alternatives, name, echo);
    if (type.startsWith('"')) return JSON.parse(type);
    if (type === "true") return true;
    if (type === "string" || type === "number" || type === "boolean") return this.#scalar(type, name, echo);
    if (type === "User") return this.#user(echo);
    if (type === "Chat") return this.#chat(echo);
    return this.#object(type, name, echo);
  }

  #oneOf(alternatives: readonly string[], name: string, echo: Echo): unknown {
    // The reference's lists of words are incomplete: its currencies do not include XTR.
    if (alternatives[0]?.startsWith('"') && typeof echo[name] === "string") return echo[name];
    const given = alternatives.find((type) => tagOf(type) === echo.type);
    return this.value(given ?? alternatives[0]!, name, echo);
  }

  #scalar(type: "string" | "number" | "boolean", name: string, echo: Echo): unknown {
    const given = echo[name] ?? DEFAULTS[name];
    if (typeof given === type) return given;
    if (type === "boolean") return false;
    if (type === "number") return /date$/.test(name) ? this.#sources.world.date : name === "message_id" ? 1 : 0;
    return /(^|_)id$/.test(name) ? this.#sources.world.nextQueryId() : name;
  }

  #object(type: string, name: string, echo: Echo): Record<string, unknown> {
    const fields = objectSchema(type)?.fields ?? [];
    const given = isStructure(echo[name]) ? echo[name] : echo;
    const source = fields.some((field) => field.name === "file_id") ? { ...given, ...this.#file(name, echo) } : given;
    const filled: Record<string, unknown> = {};
    for (const field of fields) {
      if (field.required || isGiven(field, source)) filled[field.name] = this.value(field.type, field.name, source);
    }
    return filled;
  }

  /** The call's items; two sizes of a photo; otherwise an empty array. */
  #array(type: string, name: string, echo: Echo): unknown[] {
    const given = echo[name];
    if (Array.isArray(given))
      return given.map((item) => this.value(type, name, isStructure(item) ? item : { text: item }));
    if (type !== "PhotoSize") return [];
    const { file_id, file_unique_id } = this.#sources.files.version(this.#stored(name, echo), "s");
    return [this.value(type, "", { file_id, file_unique_id, width: 90, height: 68 }), this.value(type, name, echo)];
  }

  #file(name: string, echo: Echo): Partial<StoredFile> {
    return name === "" ? {} : this.#stored(name, echo);
  }

  #stored(name: string, echo: Echo): StoredFile {
    const source = echo[name] ?? echo.media;
    const upload = typeof source === "string" || isUpload(source) ? source : undefined;
    return this.#sources.files.store(upload, name);
  }

  #user(echo: Echo): unknown {
    const { world } = this.#sources;
    const id = echo.user_id ?? this.#call.values.user_id;
    return world.people.get(Number(id))?.user ?? world.bot;
  }

  #chat(echo: Echo): unknown {
    const { world } = this.#sources;
    const id = echo.chat_id ?? this.#call.values.chat_id ?? this.#call.values.user_id ?? this.#call.values.from_chat_id;
    const record = typeof id === "string" ? world.chatByUsername(id.slice(1)) : world.chat(Number(id));
    const { first_name, username } = world.bot;
    return record?.chat ?? { id: world.bot.id, type: "private", first_name, username };
  }
}

/** True if the call has a value for an optional field. */
const isGiven = ({ name, type }: FieldSchema, echo: Echo) =>
  typeof echo[name] === type ||
  (type.endsWith("[]") && Array.isArray(echo[name])) ||
  (type === "true" && echo[name] === true);

/** The literal `type` or `status` that identifies an alternative of a union. */
const tagOf = (type: string) => {
  const tag = objectSchema(type)?.fields[0]?.type;
  return tag?.startsWith('"') ? JSON.parse(tag) : undefined;
};

const isStructure = (value: unknown): value is Json => isObject(value) && !isUpload(value);
