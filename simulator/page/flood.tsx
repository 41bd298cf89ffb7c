/** Many people at once, and a plot of how long they wait. */

import type { FloodSecond } from "../inspector/flood.ts";
import { act } from "./server.ts";
import { tell, world } from "./state.ts";

export function Flood() {
  const { flood } = world.value!;
  const begin = async (event: SubmitEvent) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.currentTarget as HTMLFormElement)) as Record<string, string>;
    const { people, rate, seconds, text } = given;
    await act("flood", { people: Number(people), rate: Number(rate), seconds: Number(seconds), text: text! });
  };
  const last = flood.at(-1);
  return (
    <>
      <h2>Flood</h2>
      <form class="fault" onSubmit={(event) => tell(begin(event))}>
        <label>
          People
          <input name="people" type="number" min="1" defaultValue="100" required />
        </label>
        <label>
          Messages a second
          <input name="rate" type="number" min="1" defaultValue="50" required />
        </label>
        <label>
          Seconds
          <input name="seconds" type="number" min="1" defaultValue="10" required />
        </label>
        <label>
          Text
          <input name="text" defaultValue="hello" required />
        </label>
        <button type="submit">Begin</button>
        <button type="button" onClick={() => tell(act("endFlood", {}))}>
          Stop
        </button>
      </form>
      {last !== undefined && (
        <p role="status" class="flood-status">
          Second {last.second}: {last.sent} sent, {last.answered} answered, {last.waiting} wait; p50{" "}
          {last.p50 === undefined ? "–" : `${last.p50} ms`}, p99 {last.p99 === undefined ? "–" : `${last.p99} ms`}
        </p>
      )}
      <Plot seconds={flood} title="Wait for an answer, ms" lines={{ p99: ({ p99 }) => p99, p50: ({ p50 }) => p50 }} />
      <Plot
        seconds={flood}
        title="Messages"
        lines={{ waiting: ({ waiting }) => waiting, answered: ({ answered }) => answered }}
      />
    </>
  );
}

interface PlotProps {
  seconds: readonly FloodSecond[];
  title: string;
  lines: { readonly [name: string]: (second: FloodSecond) => number | undefined };
}

const [WIDTH, HEIGHT] = [300, 80];

function Plot({ seconds, title, lines }: PlotProps) {
  if (seconds.length === 0) return null;
  const highest = Math.max(1, ...seconds.flatMap((second) => Object.values(lines).map((value) => value(second) ?? 0)));
  const x = (i: number) => (seconds.length === 1 ? 0 : (i / (seconds.length - 1)) * WIDTH);
  const y = (value: number) => HEIGHT - (value / highest) * HEIGHT;
  const points = (value: (second: FloodSecond) => number | undefined) =>
    seconds.map((second, i) => `${x(i).toFixed(1)},${y(value(second) ?? 0).toFixed(1)}`).join(" ");
  return (
    <figure class="plot">
      <figcaption>
        {title} <span class="quiet">up to {highest}</span>
        {Object.keys(lines).map((name, i) => (
          <span key={name} class={`key line-${i}`}>
            {" "}
            — {name}
          </span>
        ))}
      </figcaption>
      <svg viewBox={`0 -2 ${WIDTH} ${HEIGHT + 4}`} preserveAspectRatio="none" role="img" aria-label={title}>
        {Object.values(lines).map((value, i) => (
          <polyline key={i} class={`line-${i}`} points={points(value)} />
        ))}
      </svg>
    </figure>
  );
}
