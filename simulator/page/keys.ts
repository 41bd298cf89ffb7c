/** Keys that hold anywhere in the page. */

import { cancelled } from "./drafts.ts";
import { draft, forwarding, openChat, panel, problem, write } from "./state.ts";

export function listenToKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.key === "k" && (event.ctrlKey || event.metaKey)) focus(event, "#find");
    else if (event.key === "Escape") leave();
    else if (event.key === "/" && !isTyping(event)) focus(event, "#text");
  });
}

/** One step back: from a menu, the choice of a chat, a problem, a reply or an edit, the panel, the chat. */
function leave(): void {
  const menu = document.querySelector<HTMLDetailsElement>(".attach[open], .people[open]");
  if (menu !== null) menu.open = false;
  else if (forwarding.value !== undefined) forwarding.value = undefined;
  else if (problem.value !== undefined) problem.value = undefined;
  else if (draft.value.replyTo !== undefined || draft.value.editing !== undefined) write(cancelled(draft.value));
  else if (panel.value !== undefined) panel.value = undefined;
  else openChat.value = undefined;
}

export const isTyping = ({ target }: { target: EventTarget | null }) =>
  target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;

function focus(event: Event, selector: string): void {
  const field = document.querySelector<HTMLElement>(selector);
  if (field === null) return;
  event.preventDefault();
  field.focus();
}
