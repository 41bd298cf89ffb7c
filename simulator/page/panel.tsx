/** The panel beside the chat. */

import { Calls } from "./calls.tsx";
import { panel } from "./state.ts";
import { Updates } from "./updates.tsx";
import { Weather } from "./weather.tsx";

const TABS = [
  { name: "updates", title: "Updates", Content: Updates },
  { name: "calls", title: "Calls", Content: Calls },
  { name: "weather", title: "Weather", Content: Weather },
] as const;

export function Panel() {
  const { Content } = TABS.find(({ name }) => name === panel.value)!;
  return (
    <aside class="panel" aria-label="Inspector">
      <div class="tabs" role="tablist">
        {TABS.map(({ name, title }) => (
          <button
            type="button"
            role="tab"
            key={name}
            aria-selected={panel.value === name}
            onClick={() => (panel.value = name)}
          >
            {title}
          </button>
        ))}
        <button type="button" class="close" onClick={() => (panel.value = undefined)} aria-label="Close the panel">
          ✕
        </button>
      </div>
      <Content />
    </aside>
  );
}
