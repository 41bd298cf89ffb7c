/** Faults of the Bot API, and a flood of people: how the bot does in bad weather. */

import type { Fault } from "../faults.ts";
import { BotServer } from "./bot-server.tsx";
import { faultInWords, hitsInWords } from "./fault-words.ts";
import { Flood } from "./flood.tsx";
import { act } from "./server.ts";
import { refresh, tell, world } from "./state.ts";

const FAULTS: Record<string, Fault> = {
  "429 Too Many Requests": { error_code: 429, retry_after: 3 },
  "403 Forbidden: blocked": { error_code: 403 },
  "400 Bad Request": { error_code: 400 },
  "500 Internal Server Error": { error_code: 500 },
  "a slow answer (3 s)": { delay: 3000 },
  "broken off before": { breaks: "before" },
  "broken off after": { breaks: "after" },
};

const METHODS = ["*", "sendMessage", "getUpdates", "sendPhoto", "editMessageText", "answerCallbackQuery"];

export function Weather() {
  return (
    <section class="weather">
      <BotServer />
      <Faults />
      <Flood />
    </section>
  );
}

function Faults() {
  const add = async (event: SubmitEvent) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.currentTarget as HTMLFormElement)) as Record<string, string>;
    const { method, fault, times, probability } = given;
    const limits = {
      ...(times !== "" && { times: Number(times) }),
      ...(probability !== "" && { probability: Number(probability) / 100 }),
    };
    await act("fail", { method: method!, fault: { ...FAULTS[fault!], ...limits } });
    await refresh();
  };
  const stop = (id: number) => tell(act("recover", { id }).then(refresh));
  return (
    <>
      <h2>Faults</h2>
      <form class="fault" onSubmit={(event) => tell(add(event))}>
        <label>
          Calls of
          <input name="method" list="methods" defaultValue="sendMessage" required autocomplete="off" />
        </label>
        <datalist id="methods">
          {METHODS.map((method) => (
            <option key={method}>{method}</option>
          ))}
        </datalist>
        <label>
          get
          <select name="fault">
            {Object.keys(FAULTS).map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          times
          <input name="times" type="number" min="1" placeholder="until stopped" />
        </label>
        <label>
          of 100 calls
          <input name="probability" type="number" min="1" max="100" placeholder="100" />
        </label>
        <button type="submit">Begin</button>
      </form>
      <ul class="log">
        {world.value!.faults.map(({ id, method, fault, hits }) => (
          <li key={id} class="active-fault">
            <b>{method}</b> <span>{faultInWords(fault)}</span> <span class="quiet">{hitsInWords(fault, hits)}</span>
            <button type="button" onClick={() => stop(id)}>
              Stop
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
