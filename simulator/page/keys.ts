/** Keys that hold anywhere in the page. */

import { cancelled } from "./drafts.ts";
import { draft, forwarding, openChat, panel, problem, write } from "./state.ts";

export function listenToKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.key === "k" && (event.ctrlKey || event.metaKey)) focus(event, "#find");
    else if (event.key === "Escape") leave();
    else if (event.key === "/" && !isTyping(event)) focus(event, "#text");
  });
  // Before the click is handled: that may take the target out of the page.
  const closeMenu = ({ target }: Event) => {
    const menu = openMenu();
    if (menu !== null && !menu.contains(target as Node)) menu.open = false;
  };
  document.addEventListener("click", closeMenu, { capture: true });
}

const openMenu = () => document.querySelector<HTMLDetailsElement>(".attach[open], .people[open]");

/** One step back: from a menu, the choice of a chat, a problem, a reply or an edit, the panel, the chat. */
function leave(): void {
  const menu = openMenu();
  if (menu !== null) menu.open = false;
  else if (forwarding.value !== undefined) forwarding.value = undefined;
  else if (problem.value !== undefined) problem.value = undefined;
  else if (draft.value.replyTo !== undefined || draft.value.editing !== undefined) write(cancelled(draft.value));
  else if (panel.value !== undefined) panel.value = undefined;
  else openChat.value = undefined;
}

export const isTyping = ({ target }: { target: EventTarget | null }) =>
  target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;

/** Up and Down go through the buttons of a list above the text, and back to the text. @returns true if there was one to go to */
export function moveInOffers(event: KeyboardEvent): boolean {
  if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return false;
  const buttons = [...document.querySelectorAll<HTMLElement>(".commands button, .offers button")];
  const at = buttons.indexOf(document.activeElement as HTMLElement);
  const step = event.key === "ArrowDown" ? 1 : -1;
  // The text lies after the last one, and before the first one.
  const next = at === -1 && step === -1 ? buttons.at(-1) : buttons[at + step];
  if (buttons.length === 0) return false;
  event.preventDefault();
  (next ?? document.getElementById("text"))?.focus();
  return true;
}

function focus(event: Event, selector: string): void {
  const field = document.querySelector<HTMLElement>(selector);
  if (field === null) return;
  event.preventDefault();
  field.focus();
}
