import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { ReadyFile } from "../../../workers/input-file.ts";
import { type RawParameters, rawCall } from "../../../workers/program/raw-call.ts";
import { Streams } from "../../../workers/streams.ts";

const call = (method: string, parameters: RawParameters) => rawCall(method, parameters, { streams: new Streams() });

const file = (text: string) =>
  new ReadyFile({ filename: "a", content_type: undefined, content: { bytes: Buffer.from(text) }, fingerprint: text });

suite("a call of a bot library", () => {
  test("its parameters go as they are, and the chat is its lane", () => {
    const parameters = { chat_id: -100, text: "a", reply_markup: '{"a":1}', entities: [] };
    assert.deepEqual(call("sendMessage", parameters), {
      method: "sendMessage",
      lane: "-100",
      body: JSON.stringify(parameters),
    });
    assert.equal(call("answerCallbackQuery", { callback_query_id: "1" }).lane, undefined);
  });

  test("a file that is a parameter is uploaded in its place", () => {
    const { body, files } = call("sendDocument", { chat_id: 1, document: file("a") });
    const [{ name, key, fingerprint }] = files as [NonNullable<typeof files>[number]];
    assert.deepEqual([key, fingerprint], ["document", "a"]);
    assert.deepEqual(JSON.parse(body), { chat_id: 1, document: `attach://${name}` });
  });

  test("files that other parameters name are uploaded in the places of their names, in JSON as well", () => {
    const media = JSON.stringify([{ media: "attach://one" }, { media: "attach://two" }, { media: "attach://none" }]);
    const parameters = {
      one: file("1"),
      two: new Blob(["2"]),
      media,
      thumbnail: "attach://one",
      caption: "[attach://",
    };
    const { body, files } = call("sendMediaGroup", parameters);
    const [one, two] = files!.map(({ name }) => `attach://${name}`);
    assert.deepEqual(JSON.parse(body), {
      media: [{ media: one }, { media: two }, { media: "attach://none" }],
      thumbnail: one,
      caption: "[attach://",
    });
    assert.deepEqual(Object.keys(parameters), ["one", "two", "media", "thumbnail", "caption"]);
  });
});
