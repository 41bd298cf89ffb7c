/** Every form of application in docs/protocol.md compiles as written there. */

import type {
  Application,
  Asgi2Application,
  Asgi2Class,
  ChatScope,
  LifespanApplication,
  Receive,
  Send,
  TelegramScope,
  UserScope,
} from "asgigram";
import { DisconnectedError, delivery, onDeadLetter, TelegramError } from "asgigram";
import { expectType } from "./expect.ts";

export const application: Application = async (_scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type === "telegram.message") await send({ type: "telegram.send_message", text: event.text ?? "?" });
  }
};

// ---- scope ----

export const withScope: Application = async (scope) => {
  expectType<"telegram">(scope.type);
  expectType<string>(scope.asgi.spec_version);
  expectType<string | undefined>(scope.business_connection_id);
  expectType<string | undefined>(scope.guest_query_id);
  expectType<number | undefined>(scope.topic);
  expectType<string | undefined>(scope.member?.first_name);
  expectType<AbortSignal>(scope.extensions.signal);
  scope.state.database = 1;
  if (scope.chat) {
    expectType<ChatScope>(scope);
    expectType<number>(scope.chat.id);
  } else {
    expectType<UserScope>(scope);
    expectType<string>(scope.user.first_name);
  }
  // @ts-expect-error there is either a chat or a user
  expectType<number>(scope.user.id);
  // @ts-expect-error no such key
  scope.chat_id;
};

// ---- errors and deliveries ----

export const withErrors: Application = async (_scope, receive, send) => {
  const event = await receive();
  expectType<number | undefined>(delivery(event)?.attempt);
  delivery().busy();
  delivery().busy("upload_video");
  // @ts-expect-error there is no such action
  delivery().busy("dance");
  try {
    await send({ type: "telegram.send_message", text: "x" });
  } catch (error) {
    if (error instanceof TelegramError) expectType<number | undefined>(error.parameters.retry_after);
    if (error instanceof DisconnectedError) expectType<"ASGIGRAM_DISCONNECTED">(error.code);
  }
};

// ---- middleware ----

/** Middleware passes on `receive` and `send`, or its own functions in their place. */
export const middleware =
  (inner: Application): Application =>
  async (scope, receive, send) => {
    const receiveAndCount: Receive = async () => {
      const event = await receive();
      scope.state.count += 1;
      return event;
    };
    const sendAndCount: Send = (event) => {
      expectType<`telegram.${string}`>(event.type);
      return send(event);
    };
    await inner({ ...scope }, receiveAndCount, sendAndCount);
  };

// ---- ASGI 2 ----

export const asgi2: Asgi2Application = (scope) => async (receive, send) => {
  expectType<TelegramScope>(scope);
  const event = await receive();
  if (event.type === "telegram.message") await send({ type: "telegram.send_message", text: "x" });
};

export const asgi2Class: Asgi2Class = class {
  readonly scope: TelegramScope;
  constructor(scope: TelegramScope) {
    this.scope = scope;
  }
  async call(receive: Receive, send: Send): Promise<void> {
    await receive();
    await send({ type: "telegram.get_me" });
  }
};

// @ts-expect-error a class needs `call`
export const notAsgi2Class: Asgi2Class = class {};

// @ts-expect-error an ASGI 3 application returns a promise
export const notAsync: Application = (_scope, _receive, _send) => 1;

// ---- lifespan ----

export const withLifespan: LifespanApplication = async (scope, receive, send) => {
  if (scope.type === "lifespan") {
    const startup = await receive();
    if (startup.type !== "lifespan.startup") return;
    scope.state.database = 1;
    await send({ type: "lifespan.startup.complete" });
    await receive();
    await send({ type: "lifespan.shutdown.failed", message: "the disk is full" });
    // @ts-expect-error no such event
    await send({ type: "lifespan.startup.completed" });
    return;
  }
  expectType<TelegramScope>(scope);
  const event = await receive();
  if (event.type === "telegram.message") {
    const sent = await send({ type: "telegram.send_message", text: event.text ?? "?" });
    expectType<number>(sent.message_id);
  }
};

/** The code for Telegram's scopes can be a separate application. */
export const delegating: LifespanApplication = async (scope, receive, send) => {
  if (scope.type === "lifespan") return;
  await application(scope, receive as Receive, send);
};

// ---- dead letters ----

onDeadLetter(async ({ event, error, attempts, send }) => {
  expectType<unknown>(error);
  expectType<number>(attempts);
  if (event.type === "telegram.message") expectType<string | undefined>(event.text);
  await send({ type: "telegram.send_message", text: "sorry" });
});
