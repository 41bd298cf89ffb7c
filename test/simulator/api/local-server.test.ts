/** https://core.telegram.org/bots/api#using-a-local-bot-api-server */

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { isAbsolute } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { Folder } from "../../folder.ts";
import { furnished } from "./refusals.ts";

test("files go by their paths, in both directions, until the simulator ends", async () => {
  using folder = new Folder();
  const given = folder.join("notes.txt");
  writeFileSync(given, "content");
  const { simulator, call, chats, refused } = await furnished({ local: true });
  const chat_id = chats.private;
  const url = pathToFileURL(given).href;
  const { document } = (await call("sendDocument", { chat_id, document: url })).result;
  assert.deepEqual([document.file_name, document.file_size], ["notes.txt", 7]);
  const media = [{ type: "document", media: url }];
  assert.equal((await call("sendMediaGroup", { chat_id, media })).result[0].document.file_size, 7);
  const missing = pathToFileURL(folder.join("nothing.txt")).href;
  assert.equal(await refused("sendDocument", { document: missing }), "can't find real file path");
  const { file_path } = (await call("getFile", { file_id: document.file_id })).result;
  assert.ok(isAbsolute(file_path));
  assert.equal(readFileSync(file_path, "utf8"), "content");
  // Bot API: "without the need to download the file". A page must not read files of this machine by way of the simulator.
  const [relative] = file_path.match(/documents\/[^/]+$/);
  assert.equal((await fetch(`${simulator.url}/file/bot${simulator.token}/${relative}`)).status, 404);
  await simulator.close();
  assert.equal(existsSync(file_path), false);
});

test("a file of more than 50 MB is taken", async () => {
  const { simulator, refusedUpload } = await furnished({ local: true });
  await using _ = simulator;
  const document = new File([new Uint8Array(52 * 2 ** 20)], "film.mp4");
  assert.equal(await refusedUpload("sendDocument", { document }), "ok");
});
