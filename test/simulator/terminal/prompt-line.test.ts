import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { PromptLine } from "../../../simulator/terminal/prompt-line.ts";

test("output is printed above the input line, which keeps the typed text until it is closed", async () => {
  const [input, output] = [new PassThrough(), new PassThrough().setEncoding("utf8")];
  const lines = createInterface({ input, output, terminal: true, prompt: "ann> " });
  const promptLine = new PromptLine();
  const printed = () => {
    promptLine.above(() => output.write("printed\n"));
    return String(output.read() ?? "");
  };
  assert.equal(printed(), "printed\n", "there is no input line yet");

  promptLine.attach(lines, output);
  lines.prompt();
  lines.write("hel");
  output.read();
  const text = printed();
  // The cursor goes to the first column, then the whole line is erased.
  assert.ok(text.startsWith("\u001b[1G\u001b[2Kprinted\n"), JSON.stringify(text));
  assert.ok(stripVTControlCharacters(text).endsWith("ann> hel"), JSON.stringify(text));

  lines.close();
  output.read();
  assert.equal(printed(), "printed\n");
});
