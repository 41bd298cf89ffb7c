/** Files: FileLoaderUtils.cpp and FileManager.cpp of tdlib, Client.cpp of telegram-bot-api; constants are from the field. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { pngHeader } from "../../png-header.ts";
import { furnished } from "../refusals.ts";

const MB = 2 ** 20;
const file = (bytes: Uint8Array<ArrayBuffer>) => new File([bytes], "file.bin");
const zeros = (length: number) => file(new Uint8Array(length));

/** A PNG of this size whose file is as long as wanted. */
function photo(width: number, height: number, length = 24): File {
  const bytes = new Uint8Array(length);
  bytes.set(pngHeader(width, height).subarray(0, 24));
  return new File([bytes], "photo.png");
}

test("a file of 50 MB is taken, a larger one is not; a photo has 10 MB (check_full_local_location)", async () => {
  const { simulator, refusedUpload } = await furnished();
  await using _ = simulator;
  const tooLarge = "413 Request Entity Too Large";
  assert.equal(await refusedUpload("sendDocument", { document: zeros(50 * MB + 1) }), tooLarge);
  assert.equal(
    await refusedUpload("sendPhoto", { photo: photo(640, 480, 10 * MB + 1) }),
    "file of size 10485761 bytes is too big for a photo; the maximum size is 10485760 bytes",
  );
  assert.equal(await refusedUpload("sendPhoto", { photo: photo(640, 480, 10 * MB) }), "ok");
  assert.equal(
    await refusedUpload("sendVideoNote", { video_note: zeros(12 * MB + 1) }),
    "file of size 12582913 bytes is too big for a video note; the maximum size is 12582912 bytes",
  );
  assert.equal(await refusedUpload("sendDocument", { document: zeros(0) }), "file must be non-empty");
});

test("a photo is an image, with sides that Telegram takes (the reference's sendPhoto, field)", async () => {
  const { simulator, refusedUpload } = await furnished();
  await using _ = simulator;
  const text = file(new Uint8Array(Buffer.from("no image")));
  assert.equal(await refusedUpload("sendPhoto", { photo: text }), "IMAGE_PROCESS_FAILED");
  assert.equal(await refusedUpload("sendDocument", { document: text }), "ok");
  assert.equal(await refusedUpload("sendPhoto", { photo: photo(9000, 1001) }), "PHOTO_INVALID_DIMENSIONS");
  assert.equal(await refusedUpload("sendPhoto", { photo: photo(2100, 100) }), "PHOTO_INVALID_DIMENSIONS");
  assert.equal(await refusedUpload("sendPhoto", { photo: photo(2000, 100) }), "ok");
  const album = (part: File) =>
    refusedUpload("sendMediaGroup", {
      media: [
        { type: "photo", media: "attach://one" },
        { type: "video", media: "known" },
      ],
      one: part,
    });
  assert.equal(await album(text), "IMAGE_PROCESS_FAILED");
  assert.equal(await album(photo(640, 480)), "ok");
});

test("a file is sent by its id as what it is: a photo, or else a document (FileManager::from_persistent_id)", async () => {
  const { simulator, upload, chats, refused } = await furnished();
  await using _ = simulator;
  const chat_id = chats.private;
  const { document } = (await upload("sendDocument", { chat_id, document: zeros(9) })).result;
  const sizes = (await upload("sendPhoto", { chat_id, photo: photo(640, 480) })).result.photo;
  const largest = sizes.at(-1).file_id;
  assert.equal(await refused("sendPhoto", { photo: document.file_id }), "can't use file of type Document as Photo");
  assert.equal(await refused("sendDocument", { document: largest }), "can't use file of type Photo as Document");
  assert.equal(await refused("sendVideo", { video: document.file_id }), "ok");
  assert.equal(await refused("sendPhoto", { photo: largest }), "ok");
  const media = [{ type: "photo", media: document.file_id }];
  assert.equal(await refused("sendMediaGroup", { media }), "can't use file of type Document as Photo");
});

test("a chat's photo is an upload (process_set_chat_photo_query)", async () => {
  const { simulator, chats, refused, refusedUpload } = await furnished();
  await using _ = simulator;
  const there = { chat_id: chats.supergroup };
  for (const given of ["AgACAg", "https://example.org/x.jpg"]) {
    assert.equal(await refused("setChatPhoto", { ...there, photo: given }), "photo must be uploaded as an InputFile");
  }
  assert.equal(await refused("setChatPhoto", there), "there is no photo in the request");
  assert.equal(await refusedUpload("setChatPhoto", { ...there, photo: photo(640, 640) }), "ok");
});

test("a file of more than 20 MB is not downloaded, but by a local server (Client::do_get_file)", async () => {
  for (const local of [false, true]) {
    const { simulator, upload, chats, refused } = await furnished({ local });
    await using _ = simulator;
    const { document } = (await upload("sendDocument", { chat_id: chats.private, document: zeros(20 * MB + 1) }))
      .result;
    assert.equal(await refused("getFile", { file_id: document.file_id }), local ? "ok" : "file is too big");
  }
});
