/**
 * Deeds of people towards bots, by the part of the bot that they talk to. The bots of all libraries have the same parts, but for those
 * that a library cannot do.
 */

import type { TableCall } from "./methods.ts";
import type { Script } from "./trial.ts";

const scripts: Record<string, Script> = {
  commands: async ({ say }) => {
    await say("/start");
    await say("/echo one two");
    await say("<b> & plain");
  },
  keyboard: async ({ say, press }) => {
    await say("/start");
    await press("More", 2);
    await press("More", 2);
    await press("Done", 2);
  },
  replies: async ({ say, press }) => {
    await say("/start");
    await press("Tea", 1);
    await say("/remove");
  },
  session: async ({ say }) => {
    await say("/add 2");
    await say("/add 3");
    await say("/sum");
  },
  form: async ({ say }) => {
    await say("/form");
    await say("Ann");
    await say("none of your business");
    await say("42");
    await say("over");
  },
  inline: async ({ person, answered }) => {
    await person.sendText("no bot hears this");
    await person.inlineQuery("cats");
    await answered(1);
    await person.inlineQuery("");
    await answered(1);
  },
  buffers: async ({ say }) => {
    await say("/photo");
    await say("/again");
    await say("/document");
  },
  paths: async ({ say }) => {
    await say("/path");
    await say("/stream");
  },
  links: async ({ say }) => await say("/link"),
  album: async ({ say }) => await say("/album"),
  download: async ({ person, answered }) => {
    await person.sendFile("poem.txt", Buffer.from("Roses are red"));
    await answered(2);
  },
  editing: async ({ say }) => {
    await say("/edit", 2);
    await say("/delete", 2);
    await say("/same", 3);
    await say("/pin", 2);
    await say("/forward");
  },
  refused: async ({ say }) => {
    await say("/tell 987654321", 2);
    await say("/format", 2);
    await say("/alert", 2);
  },
  blocked: async ({ simulator, say }) => {
    const gone = await simulator.user("gone");
    await gone.block();
    await say(`/tell ${gone.id}`, 2);
  },
  failing: async ({ say }) => {
    await say("/say 500");
    await say("/say lost");
  },
  /** Telegram refuses the text at first. The bot has a plugin that waits and tries again. */
  flood: async ({ say }) => await say("/say flood", 2),
  timer: async ({ say }) => {
    await say("/later", 2);
    await say("/action", 2);
  },
  thrown: async ({ say }) => {
    await say("/throw");
    await say("/reject");
    await say("on");
  },
  /** No library tells the person of it. */
  unhandled: async ({ say }) => {
    await say("/throw", 0);
    await say("/reject", 0);
    await say("on");
  },
  nulls: async ({ say }) => await say("/null"),
  /** Paths that are no file. */
  missing: async ({ say }) => {
    await say("/missing");
    await say("/folder");
  },
  poll: async ({ say }) => {
    await say("/poll");
    await say("/stop");
  },
  menu: async ({ say, press }) => {
    await say("/menu");
    await press("Tea", 2);
    await press("Back", 2);
  },
};

/** Asks for the calls of a table, part by part, and for those of its last part, with FAULTS. The bot tells when it begins, and the outcomes. */
export function tableScripts(methods: readonly (readonly TableCall[])[]): [string, Script][] {
  // More succeeds in a group than in a private chat.
  const ask: Script = async ({ simulator, person, answered }) => {
    await person.sendText("no bot hears this");
    // The owner may write whatever permissions the calls set.
    const chat = await simulator.group("Tea", { owner: person });
    await chat.addBot(person);
    await chat.promoteBot(person);
    for (const [part, calls] of methods.entries()) {
      await person.sendText(`${part}`, { chat });
      await answered(calls.length + 2);
    }
  };
  return [
    ["methods", ask],
    ["faults", ({ say }) => say(`${methods.length}`, 2)],
  ];
}

/** The scripts with these names, in this order. */
export function scriptsOf(...names: readonly string[]): ReadonlyMap<string, Script> {
  return new Map(names.map((name) => [name, scripts[name]!]));
}
