import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Connection, parametersOf, type Request, RequestReader } from "../../bench/http.ts";

function read(...pieces: string[]): Request[] {
  const requests: Request[] = [];
  const reader = new RequestReader((request) => requests.push(request));
  for (const piece of pieces) reader.push(piece);
  return requests;
}

const withLength = (method: string, body: string) =>
  `POST /bot1:bench/${method} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const inChunks = (method: string, ...chunks: string[]) =>
  `POST /bot1:bench/${method} HTTP/1.1\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${chunks
    .map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`)
    .join("")}0\r\n\r\n`;

const text = `{"chat_id":7,"text":"a\\r\\n\\r\\nPOST"}`;
const stream =
  withLength("sendMessage", text) +
  inChunks("sendMessage", text.slice(0, 5), text.slice(5)) +
  "GET /bot1:bench/getMe HTTP/1.1\r\nhost: x\r\n\r\n" +
  withLength("getUpdates", "");

describe("the request reader", () => {
  const expected = [
    ["sendMessage", text],
    ["sendMessage", text],
    ["getMe", ""],
    ["getUpdates", ""],
  ];

  test("several requests are read from one piece", () => {
    assert.deepEqual(
      read(stream).map(({ method, body }) => [method, body]),
      expected,
    );
  });

  test("requests are read from pieces cut anywhere", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length)), (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), stream.length];
        const pieces = places.slice(1).map((place, i) => stream.slice(places[i], place));
        assert.deepEqual(
          read(...pieces).map(({ method, body }) => [method, body]),
          expected,
        );
      }),
    );
  });
});

test("parameters are read from JSON, a form and multipart", async () => {
  const form = new FormData();
  form.set("chat_id", "7");
  form.set("text", "17 heavy");
  const encoded = new Response(form);
  const bodies: [string, string][] = [
    ["application/json", '{"chat_id":"7","text":"17 heavy"}'],
    ["application/x-www-form-urlencoded;charset=UTF-8", "chat_id=7&text=17+heavy"],
    [encoded.headers.get("content-type")!, await encoded.text()],
  ];
  for (const [contentType, body] of bodies) {
    assert.deepEqual(parametersOf({ method: "sendMessage", contentType, body }), { chat_id: "7", text: "17 heavy" });
  }
  assert.deepEqual(parametersOf({ method: "getMe", contentType: "", body: "" }), {});
});

test("answers wait for the answers to earlier requests, and go out in one write", () => {
  const writes: (string[] | null)[] = [];
  const connection = new Connection((text) => writes.push(text.match(/\[\d\]/g)));
  const [first, second, third] = [connection.reserve(), connection.reserve(), connection.reserve()];
  second.answer = "[2]";
  connection.flush();
  assert.deepEqual(writes, []);
  first.answer = "[1]";
  connection.flush();
  third.answer = "[3]";
  connection.flush();
  assert.deepEqual(writes, [["[1]", "[2]"], ["[3]"]]);
});
