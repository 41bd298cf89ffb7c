/** The server that runs the bot: its state, and three ways to disturb it. */

import { useSignal } from "@preact/signals";
import { act } from "./server.ts";
import { world } from "./state.ts";

const DONE = {
  killWorker: "Worker 0 was killed. Another one takes its place.",
  killServer: "",
  reload: "The bot's code was loaded anew.",
};

export function BotServer() {
  const said = useSignal("");
  const { server } = world.value!;
  if (server === undefined)
    return <p class="quiet">asgigram simulate runs a bot that can be killed and reloaded here.</p>;
  const { phase, pid, starts, exitCode, isApart } = server;
  const isServing = phase === "serving";
  const press = async (name: keyof typeof DONE) => {
    said.value = "…";
    said.value = await act(name, {}).then(
      () => DONE[name],
      (error: Error) => error.message,
    );
  };
  return (
    <>
      <h2>Server</h2>
      <p class="server-state">
        <span class={`state is-${phase}`}>{phase}</span>{" "}
        {phase === "ended" ? `with exit code ${exitCode}` : `process ${pid}, start ${starts}`}
      </p>
      <div class="server-buttons">
        <button type="button" disabled={!isServing} onClick={() => press("killWorker")}>
          Kill a worker
        </button>
        {isApart && (
          <button type="button" disabled={phase === "starting"} onClick={() => press("killServer")}>
            {phase === "ended" ? "Start the server" : "Kill the server"}
          </button>
        )}
        <button type="button" disabled={!isServing} onClick={() => press("reload")}>
          Reload the bot
        </button>
      </div>
      <p role="status" class="server-said quiet">
        {said.value}
      </p>
    </>
  );
}
