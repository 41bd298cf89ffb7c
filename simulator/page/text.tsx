/** A text with its entities. */

import type { MessageEntity } from "@grammyjs/types";
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { type Piece, piecesOf, targetOf } from "./entities.ts";

interface TextProps {
  text: string;
  entities?: readonly MessageEntity[] | undefined;
  /** Sends a command that is clicked. */
  send?: (command: string) => void;
}

export function Text({ text, entities, send }: TextProps) {
  return <span class="text">{piecesOf(text, entities).map((piece) => shown(piece, send))}</span>;
}

function shown(piece: Piece, send: TextProps["send"]): ComponentChildren {
  if (typeof piece === "string") return piece;
  const { entity, pieces } = piece;
  const inner = pieces.map((one) => shown(one, send));
  switch (entity.type) {
    case "bold":
      return <b>{inner}</b>;
    case "italic":
      return <i>{inner}</i>;
    case "underline":
      return <u>{inner}</u>;
    case "strikethrough":
      return <s>{inner}</s>;
    case "code":
      return <code>{inner}</code>;
    case "pre":
      return (
        <pre>
          {entity.language && <span class="language">{entity.language}</span>}
          <code>{inner}</code>
        </pre>
      );
    case "spoiler":
      return <Spoiler>{inner}</Spoiler>;
    case "blockquote":
      return <blockquote>{inner}</blockquote>;
    case "expandable_blockquote":
      return <Expandable>{inner}</Expandable>;
    case "bot_command":
      return (
        <button type="button" class="link" onClick={() => send?.(plain(pieces))}>
          {inner}
        </button>
      );
    case "hashtag":
    case "cashtag":
    case "text_mention":
      return <span class="link">{inner}</span>;
  }
  const target = targetOf(entity, plain(pieces));
  if (target === undefined) return inner;
  return (
    <a href={target} target="_blank" rel="noopener noreferrer" title={entity.type === "text_link" ? target : undefined}>
      {inner}
    </a>
  );
}

const plain = (pieces: readonly Piece[]): string =>
  pieces.map((piece) => (typeof piece === "string" ? piece : plain(piece.pieces))).join("");

function Spoiler({ children }: { children: ComponentChildren }) {
  const isOpen = useSignal(false);
  return (
    <button type="button" class={isOpen.value ? "spoiler is-open" : "spoiler"} onClick={() => (isOpen.value = true)}>
      {children}
    </button>
  );
}

function Expandable({ children }: { children: ComponentChildren }) {
  const isOpen = useSignal(false);
  return (
    <blockquote class={isOpen.value ? undefined : "folded"}>
      {children}
      <button type="button" class="link more" onClick={() => (isOpen.value = !isOpen.value)}>
        {isOpen.value ? "less" : "more"}
      </button>
    </blockquote>
  );
}
