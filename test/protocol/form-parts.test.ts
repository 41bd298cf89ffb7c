import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { bytesOf, type FormPart, MalformedBody, partsOf } from "../../src/protocol/form-parts.ts";

/** Reads a form that comes in chunks of that many bytes. */
async function partsIn(form: string, length = form.length, type = "multipart/form-data; boundary=x") {
  const whole = Buffer.from(form);
  async function* chunks() {
    for (let at = 0; at < whole.length; at += length) yield whole.subarray(at, at + length);
  }
  const parts: (Omit<FormPart, "content"> & { content: string })[] = [];
  for await (const { content, ...part } of partsOf(chunks(), type)) {
    parts.push({ ...part, content: `${await bytesOf(content)}` });
  }
  return parts;
}

const part = (disposition: string, content = "abc") =>
  `--x\r\nContent-Disposition: form-data${disposition}\r\n\r\n${content}\r\n--x--\r\n`;

suite("the parts of a form", () => {
  const form = [
    'before\r\n--x\r\ncontent-disposition:form-data;name="a"\r\n\r\none\r\n-\r\n--y',
    'Content-Type: image/gif \r\nContent-Disposition: form-data; name="b"; filename="ä.gif"\r\n\r\nGIF',
    'Content-Disposition: form-data; name="c"; filename=""\r\n\r\n',
  ].join("\r\n--x\r\n");
  for (const length of [1, 7, 1000]) {
    test(`chunks of ${length} bytes have them`, async () => {
      assert.deepEqual(await partsIn(`${form}\r\n--x--\r\nafter`, length), [
        { name: "a", filename: undefined, type: undefined, content: "one\r\n-\r\n--y" },
        { name: "b", filename: "ä.gif", type: "image/gif", content: "GIF" },
        { name: "c", filename: "", type: undefined, content: "" },
      ]);
    });
  }

  for (const [written, name] of [
    ['"two words.txt"', "two words.txt"],
    ["größe 1.txt ", "größe 1.txt"],
    ["🍵.txt; x=1", "🍵.txt"],
    ['"a "quoted" name; 1.txt"', 'a "quoted" name; 1.txt'],
    ["a\\b%22.txt", "a\\b%22.txt"],
  ] as const) {
    test(`a file's name is read from ${written}`, async () => {
      const [file] = await partsIn(part(`; name="f"; filename=${written}`));
      assert.equal(file?.filename, name);
    });
  }

  test("a file's name does not change the part's name", async () => {
    const [file] = await partsIn(part("; name=f; filename=a; name=chat_id"));
    assert.deepEqual([file?.name, file?.filename], ["f", "a"]);
  });

  test("a boundary may be in quotes", async () => {
    const [only] = await partsIn(part("; name=a"), 5, 'multipart/form-data; boundary="x"');
    assert.deepEqual([only?.name, only?.content], ["a", "abc"]);
  });

  for (const [what, malformed, type] of [
    ["without a boundary", part("; name=a"), "multipart/form-data"],
    ["that breaks off in a part", '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nabc', undefined],
    ["that breaks off in a header", '--x\r\nContent-Disposition: form-data; name="a"', undefined],
    ["without any part", "none", undefined],
    ["with a part without a name", part(""), undefined],
  ] as const) {
    test(`a form ${what} is malformed`, async () => {
      await assert.rejects(partsIn(malformed, 5, type), MalformedBody);
    });
  }

  test("a malformed form is read to its end", async () => {
    let isRead = false;
    async function* body() {
      yield Buffer.from(part(""));
      yield Buffer.from("more");
      isRead = true;
    }
    await assert.rejects(partsOf(body(), "multipart/form-data; boundary=x").next(), MalformedBody);
    assert.equal(isRead, true);
  });
});
