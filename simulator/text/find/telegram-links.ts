/** Links of Telegram's own schemes. Letters in front of the scheme do not matter. */

import type { Entity } from "../formatted-text.ts";
import { found, type Recogniser } from "./found.ts";
import { PathReader } from "./url-path.ts";

const LINK = /(?:tg|ton|tonsite):\/\/[\w-]{1,253}/gi;

export const telegramLinks: Recogniser = { sign: "://", find: findLinks };

function findLinks(text: string): Entity[] {
  const paths = new PathReader(text);
  const links: Entity[] = [];
  LINK.lastIndex = 0;
  for (let link = LINK.exec(text); link !== null; link = LINK.exec(text)) {
    LINK.lastIndex = paths.endOf(LINK.lastIndex);
    links.push(found("url", link.index, LINK.lastIndex));
  }
  return links;
}
