/** Parses a typed line. */

export type Line =
  | { do: "send"; text: string }
  | { do: "press"; number: number }
  | { do: "as"; name: string }
  /** Without a title: the private chat. */
  | { do: "chat"; title: string | undefined }
  /** Without rights: every right. */
  | { do: "rights"; rights: string[] }
  | { do: "file" | "photo" | "video" | "voice"; path: string }
  | { do: "help" }
  | { do: "quit" }
  | { do: "nothing" }
  /** A malformed command: prints its form. */
  | { do: "usage"; form: string };

export const HELP = `Type a line to send it to the bot. These commands are for the chat itself:
  /1, /2, …     press the button with that number (as /press 1)
  /as NAME      become another user (a new name is a new user)
  /chat GROUP   go to a group (a new name is a new group, with the bot in it)
  /chat         go back to your private chat with the bot
  /rights R …   make the bot an administrator of the group with these rights (without any: with all)
  /file PATH    send a file; /photo PATH, /video PATH and /voice PATH send it as such
  /help         show this help
  /quit         leave (as the end of input)
Any other command goes to the bot. To send the bot one of these, type a second slash: //help sends /help.`;

export function parseLine(line: string): Line {
  const text = line.trim();
  if (text === "") return { do: "nothing" };
  if (text.startsWith("//")) return { do: "send", text: text.slice(1) };
  const [, word, rest = ""] = /^\/(\w+)(?:\s+(.*))?$/su.exec(text) ?? [];
  if (word !== undefined && /^\d+$/.test(word) && rest === "") return { do: "press", number: Number(word) };
  switch (word) {
    case "press":
      return /^\d+$/.test(rest) ? { do: "press", number: Number(rest) } : { do: "usage", form: "/press NUMBER" };
    case "as":
      return rest !== "" ? { do: "as", name: rest } : { do: "usage", form: "/as NAME" };
    case "file":
    case "photo":
    case "video":
    case "voice":
      return rest !== "" ? { do: word, path: rest } : { do: "usage", form: `/${word} PATH` };
    case "chat":
      return { do: "chat", title: rest === "" ? undefined : rest };
    case "rights":
      return { do: "rights", rights: rest.split(/\s+/).filter((right) => right !== "") };
    case "help":
    case "quit":
      return rest === "" ? { do: word } : { do: "send", text };
    default:
      return { do: "send", text };
  }
}
