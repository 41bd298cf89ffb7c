/** Parts of the panel's lists. */

import type { Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

/** @param title of the list: `updates` */
export function SearchField({ title, wanted }: { title: string; wanted: Signal<string> }) {
  return (
    <input
      type="search"
      placeholder={`Find in ${title}`}
      aria-label={`Find in ${title}`}
      value={wanted.value}
      onInput={({ currentTarget }) => (wanted.value = currentTarget.value)}
    />
  );
}

/** The element of a row, which opens and is scrolled to when the row is chosen. */
export function useOpened(isChosen: boolean) {
  const element = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    if (!isChosen) return;
    element.current!.open = true;
    element.current!.scrollIntoView({ block: "nearest" });
  }, [isChosen]);
  return element;
}
