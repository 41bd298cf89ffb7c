import assert from "node:assert/strict";
import { test } from "node:test";
import { HELP, parseLine } from "../../../simulator/terminal/line.ts";

test("plain lines and the bot's commands are sent", () => {
  for (const text of ["hello", "/start", "/start deep-link", "/help me", "a /as b", "/123abc"]) {
    assert.deepEqual(parseLine(` ${text} `), { do: "send", text });
  }
  assert.deepEqual(parseLine("   "), { do: "nothing" });
});

test("a second slash sends the bot a command of the chat", () => {
  assert.deepEqual(parseLine("//help"), { do: "send", text: "/help" });
  assert.deepEqual(parseLine("//1"), { do: "send", text: "/1" });
});

test("the chat's own commands are parsed", () => {
  assert.deepEqual(parseLine("/2"), { do: "press", number: 2 });
  assert.deepEqual(parseLine("/press 12"), { do: "press", number: 12 });
  assert.deepEqual(parseLine("/as bob"), { do: "as", name: "bob" });
  assert.deepEqual(parseLine("/chat The Team"), { do: "chat", title: "The Team" });
  assert.deepEqual(parseLine("/chat"), { do: "chat", title: undefined });
  assert.deepEqual(parseLine("/rights"), { do: "rights", rights: [] });
  assert.deepEqual(parseLine("/rights pin_messages  can_invite_users"), {
    do: "rights",
    rights: ["pin_messages", "can_invite_users"],
  });
  assert.deepEqual(parseLine("/file a b.txt"), { do: "file", path: "a b.txt" });
  assert.deepEqual(parseLine("/file"), { do: "usage", form: "/file PATH" });
  assert.deepEqual(parseLine("/photo cat.png"), { do: "photo", path: "cat.png" });
  assert.deepEqual(parseLine("/video cat.mp4"), { do: "video", path: "cat.mp4" });
  assert.deepEqual(parseLine("/voice purr.ogg"), { do: "voice", path: "purr.ogg" });
  assert.deepEqual(parseLine("/voice"), { do: "usage", form: "/voice PATH" });
  assert.deepEqual(parseLine("//photo"), { do: "send", text: "/photo" });
  assert.deepEqual(parseLine("/quit"), { do: "quit" });
  assert.deepEqual(parseLine("/as"), { do: "usage", form: "/as NAME" });
  assert.deepEqual(parseLine("/press it"), { do: "usage", form: "/press NUMBER" });
});

test("the help lists every command of the chat", () => {
  for (const word of [
    "/1",
    "/press",
    "/as",
    "/chat",
    "/file",
    "/photo",
    "/video",
    "/voice",
    "/help",
    "/quit",
    "//help",
  ])
    assert.ok(HELP.includes(word), word);
});
