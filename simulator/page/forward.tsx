/** The choice of the chat that a message is forwarded to. */

import { useLayoutEffect, useRef } from "preact/hooks";
import { titleOf } from "./names.ts";
import { act } from "./server.ts";
import { chats, forwarding, here, open, tell, world } from "./state.ts";

export function Forward() {
  const message_id = forwarding.value;
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    dialog.current?.showModal();
  }, [message_id]);
  if (message_id === undefined) return null;
  const forward = async (chat_id: number) => {
    forwarding.value = undefined;
    const { chat_id: from_chat_id, user_id } = here();
    await act("forward", { user_id, chat_id, from_chat_id, message_id });
    open(chat_id);
  };
  return (
    <dialog ref={dialog} aria-label="Forward to" onClose={() => (forwarding.value = undefined)}>
      <h2>Forward to</h2>
      <ul>
        {chats.value.map(({ chat }) => (
          <li key={chat.id}>
            <button type="button" onClick={() => tell(forward(chat.id))}>
              {titleOf(chat, world.value!.bot.first_name)}
            </button>
          </li>
        ))}
      </ul>
      <button type="button" onClick={() => dialog.current!.close()}>
        Cancel
      </button>
    </dialog>
  );
}
