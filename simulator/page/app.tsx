/** The page: chats on the left, the open one in the middle, a panel on the right. */

import { ChatList } from "./chat-list.tsx";
import { Conversation } from "./conversation.tsx";
import { Forward } from "./forward.tsx";
import { Panel } from "./panel.tsx";
import { token } from "./server.ts";
import { isConnected, openChat, panel, problem, world } from "./state.ts";

export function App() {
  if (token !== null && !/^\d+:[\w-]+$/.test(token))
    return <p class="loading">{`The address names no bot: ?bot=${token} is no token, as 1:a is.`}</p>;
  if (world.value === undefined) return <p class="loading">{isConnected.value ? "Loading …" : "Connecting …"}</p>;
  const view = panel.value !== undefined ? "panel" : openChat.value !== undefined ? "chat" : "chats";
  return (
    <div class={`app shows-${view}`}>
      <ChatList />
      <Conversation />
      {panel.value !== undefined && <Panel />}
      <Forward />
      {!isConnected.value && (
        <p class="notice" role="status">
          The simulator does not answer. The page goes on when it does.
        </p>
      )}
      {problem.value !== undefined && (
        <p class="notice" role="alert">
          {problem.value}
          <button type="button" onClick={() => (problem.value = undefined)} aria-label="Close">
            ✕
          </button>
        </p>
      )}
    </div>
  );
}
