/** Results of inline queries: `Client::get_inline_query_result`, InlineQueriesManager.cpp; constants are from the field. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { furnished } from "../refusals.ts";

const content = { message_text: "tea" };
const article = { type: "article", id: "1", title: "Tea", input_message_content: content };

test("each result has its type, id, content and fields", async () => {
  const { simulator, ann, refused } = await furnished();
  await using _ = simulator;
  const answer = async (...results: unknown[]) => {
    const { inline_query_id } = await ann.inlineQuery("tea");
    const text = await refused("answerInlineQuery", { inline_query_id, results });
    return text.replace("can't parse inline query result: ", "");
  };
  const lacks = (field: string) => `Can't find field "${field}"`;
  assert.equal(await answer({ ...article, type: undefined }), lacks("type"));
  assert.equal(await answer({ ...article, id: undefined }), lacks("id"));
  assert.equal(await answer({ ...article, title: undefined }), lacks("title"));
  assert.equal(await answer({ ...article, input_message_content: undefined }), lacks("message_text"));
  assert.equal(await answer({ ...article, input_message_content: {} }), "Input message content is not specified");
  assert.equal(await answer({ ...article, type: "zap" }), 'type "zap" is unsupported for the inline query result');
  assert.equal(await answer("x"), "Inline query result must be an object");
  const broken = { message_text: "<b", parse_mode: "HTML" };
  assert.match(
    await answer({ ...article, input_message_content: broken }),
    /^Can't parse entities|^can't parse entities/,
  );
  assert.equal(await answer({ type: "photo", id: "1" }), lacks("photo_file_id"));
  assert.equal(await answer({ type: "mpeg4_gif", id: "1" }), lacks("mpeg4_file_id"));
  assert.equal(await answer({ type: "audio", id: "1", audio_url: "https://example.org/x" }), lacks("title"));
  assert.equal(await answer({ type: "location", id: "1", title: "x", latitude: 1 }), lacks("longitude"));
  const document = { type: "document", id: "1", title: "x", document_url: "https://example.org/x" };
  assert.equal(await answer(document), lacks("mime_type"));
  assert.equal(await answer({ ...document, mime_type: "text/plain" }), "unallowed document MIME type");
  assert.equal(await answer({ ...document, mime_type: "application/pdf" }), "ok");
  const place = { type: "venue", id: "1", title: "x", address: "y", latitude: 91, longitude: 1 };
  assert.equal(await answer(place), "invalid location specified");
  const markup = (button: object) => ({ ...article, reply_markup: { inline_keyboard: [[{ text: "x", ...button }]] } });
  assert.equal(await answer(markup({ callback_data: "x" })), "ok");
  assert.equal(await answer(markup({ web_app: { url: "https://example.org" } })), "BUTTON_TYPE_INVALID");
  assert.equal(await answer({ ...article, reply_markup: { keyboard: [["x"]] } }), "inline keyboard expected");
});

test("the number of results, and their ids", async () => {
  const { simulator, ann, refused } = await furnished();
  await using _ = simulator;
  const answer = async (results: unknown) => {
    const { inline_query_id } = await ann.inlineQuery("tea");
    return await refused("answerInlineQuery", { inline_query_id, results });
  };
  const many = (count: number) => Array.from({ length: count }, (_, at) => ({ ...article, id: String(at) }));
  assert.equal(await answer(many(50)), "ok");
  assert.equal(await answer(many(51)), "too many inline query results specified");
  assert.equal(await answer([article, article]), "RESULT_ID_DUPLICATE");
  assert.equal(await answer([{ ...article, id: "" }]), "RESULT_ID_INVALID");
  assert.equal(await answer([{ ...article, id: "x".repeat(65) }]), "RESULT_ID_INVALID");
  assert.equal(await answer({}), "expected an Array of inline query results");
});

test("the one result of a Web App's query", async () => {
  const { simulator, refused } = await furnished();
  await using _ = simulator;
  const answer = (result: object) => refused("answerWebAppQuery", { web_app_query_id: "x", result });
  assert.equal(await answer({ ...article, id: undefined }), `can't find field "id"`);
  // No user has opened the web app: the result is read first, then the query is looked for.
  assert.equal(await answer(article), "query is too old and response timeout expired or query ID is invalid");
});
