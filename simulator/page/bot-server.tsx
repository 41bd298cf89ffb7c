/** The server that runs the bot: its state, and three ways to disturb it. */

import { useSignal } from "@preact/signals";
import { act } from "./server.ts";
import { world } from "./state.ts";

/** Each gives what it says when it is done. */
const PRESSED = {
  async killWorker() {
    const worker = lastAtWork();
    await act("killWorker", { worker });
    return `Worker ${worker} was killed. Another one takes its place.`;
  },
  async killServer() {
    await act("killServer", {});
    return "";
  },
  async reload() {
    await act("reload", {});
    return "The bot's code was loaded anew.";
  },
};

/** The worker that got the latest update. */
function lastAtWork(): number {
  const steps = [...world.value!.updates.values()].flatMap(({ steps }) => steps);
  return Number(steps.findLast(({ name }) => name === "posted")?.facts?.worker ?? 0);
}

export function BotServer() {
  const said = useSignal("");
  const { server } = world.value!;
  if (server === undefined)
    return <p class="quiet">asgigram simulate runs a bot that can be killed and reloaded here.</p>;
  const { phase, pid, starts, exitCode, isApart } = server;
  const isServing = phase === "serving";
  const press = async (name: keyof typeof PRESSED) => {
    said.value = "…";
    said.value = await PRESSED[name]().catch((error: Error) => error.message);
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
