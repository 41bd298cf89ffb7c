import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { linkIn } from "../../../workers/program/links.ts";

suite("an address of the Bot API", () => {
  for (const [url, link] of [
    ["https://api.telegram.org/bot7:a-_B/sendMessage", { token: "7:a-_B", method: "sendMessage" }],
    ["https://api.telegram.org/bot7:a/sendMessage?chat_id=1#x", { token: "7:a", method: "sendMessage" }],
    ["http://127.0.0.1:8081/bot7:a/getMe", { token: "7:a", method: "getMe" }],
    ["https://api.telegram.org/bot7:a/test/getMe", { token: "7:a", method: "getMe" }],
    ["https://example.org/telegram/api/bot7:a/getMe", { token: "7:a", method: "getMe" }],
    ["/bot7:a/getMe", { token: "7:a", method: "getMe" }],
    ["https://api.telegram.org/file/bot7:a/photos/a%20b%23.jpg", { token: "7:a", path: "photos/a b#.jpg" }],
    ["/prefix/file/bot7:a/photos/%.jpg?x=1", { token: "7:a", path: "photos/%.jpg" }],
  ] as const) {
    test(`${url} has its token, and a method or a path`, () => assert.deepEqual(linkIn(url), link));
  }

  for (const url of [
    "https://api.telegram.org/",
    "https://api.telegram.org/bot7:a",
    "https://api.telegram.org/bot7:a/",
    "https://api.telegram.org/bot7:a/send/Message",
    "https://api.telegram.org/botany/7:a/getMe",
    "https://example.org/?next=/bot7:a/getMe",
    "https://t.me/bot7",
    "",
  ]) {
    test(`"${url}" is none`, () => assert.equal(linkIn(url), undefined));
  }
});
