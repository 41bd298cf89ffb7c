/** What a line that somebody typed means. */

export type Line =
  | { do: "send"; text: string }
  | { do: "press"; number: number }
  | { do: "as"; name: string }
  /** Without a title: back to the private chat. */
  | { do: "chat"; title: string | undefined }
  | { do: "file"; path: string }
  | { do: "help" }
  | { do: "quit" }
  | { do: "nothing" }
  | { do: "complain"; about: string };

export const HELP = `Type a line to send it to the bot. These lines are for the chat itself:
  /1, /2, …     press the button with that number (/press 1 does the same)
  /as NAME      be somebody else; who is not there yet is made
  /chat GROUP   go to a group; which is not there yet is made, with the bot in it
  /chat         go back to your private chat with the bot
  /file PATH    send a file
  /help         this
  /quit         leave (so does the end of input)
Any other command goes to the bot. A second slash sends it one of these: //help sends /help.`;

export function parseLine(line: string): Line {
  const text = line.trim();
  if (text === "") return { do: "nothing" };
  if (text.startsWith("//")) return { do: "send", text: text.slice(1) };
  const [, word, rest = ""] = /^\/(\w+)(?:\s+(.*))?$/su.exec(text) ?? [];
  if (word !== undefined && /^\d+$/.test(word) && rest === "") return { do: "press", number: Number(word) };
  switch (word) {
    case "press":
      return /^\d+$/.test(rest) ? { do: "press", number: Number(rest) } : { do: "complain", about: "/press NUMBER" };
    case "as":
      return rest !== "" ? { do: "as", name: rest } : { do: "complain", about: "/as NAME" };
    case "file":
      return rest !== "" ? { do: "file", path: rest } : { do: "complain", about: "/file PATH" };
    case "chat":
      return { do: "chat", title: rest === "" ? undefined : rest };
    case "help":
    case "quit":
      return rest === "" ? { do: word } : { do: "send", text };
    default:
      return { do: "send", text };
  }
}
