import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { imageSize } from "../../../simulator/state/image-size.ts";

/** The same picture, 3 x 2 pixels, from an encoder. The second JPEG is progressive and has EXIF data; the last WebP has transparency. */
const PICTURES = {
  png: "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAYAAACddGYaAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAEUlEQVQImWP4z8DQAMMMyBwAeUMI+0cxNA0AAAAASUVORK5CYII=",
  jpeg: "/9j/2wBDAP//////////////////////////////////////////////////////////////////////////////////////2wBDAf//////////////////////////////////////////////////////////////////////////////////////wAARCAACAAMDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAL/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFQEBAQAAAAAAAAAAAAAAAAAAAQL/xAAUEQEAAAAAAAAAAAAAAAAAAAAA/9oADAMBAAIRAxEAPwCAAp//2Q==",
  "progressive jpeg":
    "/9j/4QDIRXhpZgAASUkqAAgAAAAHABIBAwABAAAAAQAAABoBBQABAAAAYgAAABsBBQABAAAAagAAACgBAwABAAAAAgAAADsBAgACAAAAQQAAABMCAwABAAAAAQAAAGmHBAABAAAAcgAAAAAAAAA4YwAA6AMAADhjAADoAwAABgAAkAcABAAAADAyMTABkQcABAAAAAECAwAAoAcABAAAADAxMDABoAMAAQAAAP//AAACoAQAAQAAAAMAAAADoAQAAQAAAAIAAAAAAAAA/9sAQwD//////////////////////////////////////////////////////////////////////////////////////9sAQwH//////////////////////////////////////////////////////////////////////////////////////8IAEQgAAgADAwEiAAIRAQMRAf/EABUAAQEAAAAAAAAAAAAAAAAAAAAC/8QAFAEBAAAAAAAAAAAAAAAAAAAAAf/aAAwDAQACEAMQAAABkD//2Q==",
  webp: "UklGRi4AAABXRUJQVlA4ICIAAABwAQCdASoDAAIADMDOJaACdAFAAAD+6DdKKBzttFpdoAAA",
  "lossless webp": "UklGRhwAAABXRUJQVlA4TA8AAAAvAkAAAAcQBYz+ByKi/wEA",
  "extended webp":
    "UklGRlQAAABXRUJQVlA4WAoAAAAQAAAAAgAAAQAAQUxQSAcAAAAAgICAgICAAFZQOCAmAAAAcAEAnQEqAwACAAzAziWgAnQBQAAA/txR0l0uQ3+rvzt+p7YAAAA=",
};

for (const [name, base64] of Object.entries(PICTURES)) {
  const bytes = Buffer.from(base64, "base64");
  const type = `image/${name.split(" ").at(-1)}`;

  test(`the size of a ${name} is read from its header`, () => {
    assert.deepEqual(imageSize(bytes), { width: 3, height: 2, type });
  });

  test(`a ${name} that is cut off has its size or none`, () => {
    const sizes = Array.from(bytes, (_, length) => imageSize(bytes.subarray(0, length)));
    const first = sizes.findIndex((size) => size !== undefined);
    assert.ok(first > 10, `${first}`);
    assert.ok(sizes.slice(0, first).every((size) => size === undefined));
    for (const size of sizes.slice(first)) assert.deepEqual(size, { width: 3, height: 2, type });
  });

  test(`a ${name} with any bytes changed or missing has a size above 0 or none`, () => {
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(change), fc.nat(bytes.length), (changes, length) => {
        const changed = Uint8Array.from(bytes);
        for (const [at, value] of changes) changed[at] = value;
        const size = imageSize(changed.subarray(0, length));
        assert.ok(size === undefined || (size.width > 0 && size.height > 0));
      }),
    );
  });
}

test("sizes use the whole range of their fields", () => {
  const png = Buffer.from(PICTURES.png, "base64");
  png.writeUInt32BE(70_000, 16);
  assert.equal(imageSize(png)?.width, 70_000);
  const extended = Buffer.from(PICTURES["extended webp"], "base64");
  extended.writeUIntLE(70_000, 27, 3);
  assert.equal(imageSize(extended)?.height, 70_001);
  const lossless = Buffer.from(PICTURES["lossless webp"], "base64");
  lossless.writeUInt32LE(0xffffffff, 21);
  assert.deepEqual(imageSize(lossless), { width: 16_384, height: 16_384, type: "image/webp" });
});

test("other bytes have no size", () => {
  for (const text of ["", "GIF89a", "%PDF-1.7", "RIFF____WAVEfmt ________________", "hello ".repeat(20)]) {
    assert.equal(imageSize(Buffer.from(text)), undefined, text);
  }
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void imageSize(bytes)));
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void imageSize(Uint8Array.from([0xff, 0xd8, ...bytes]))));
});
