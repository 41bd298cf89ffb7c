import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { partsOf } from "../../../simulator/http/form.ts";

const partsIn = (form: string, type = "multipart/form-data; boundary=x") =>
  partsOf(Buffer.from(form), type).map(({ content, ...part }) => ({ ...part, content: `${content}` }));

const part = (disposition: string, content = "abc") =>
  `--x\r\nContent-Disposition: form-data${disposition}\r\n\r\n${content}\r\n--x--\r\n`;

suite("the parts of a form", () => {
  test("a form has texts, files and empty parts", () => {
    const form = [
      'before\r\n--x\r\ncontent-disposition:form-data;name="a"\r\n\r\none\r\n-\r\n--y',
      'Content-Type: image/gif \r\nContent-Disposition: form-data; name="b"; filename="ä.gif"\r\n\r\nGIF',
      'Content-Disposition: form-data; name="c"; filename=""\r\n\r\n',
    ].join("\r\n--x\r\n");
    assert.deepEqual(partsIn(`${form}\r\n--x--\r\nafter`), [
      { name: "a", filename: undefined, type: undefined, content: "one\r\n-\r\n--y" },
      { name: "b", filename: "ä.gif", type: "image/gif", content: "GIF" },
      { name: "c", filename: "", type: undefined, content: "" },
    ]);
  });

  for (const [written, name] of [
    ['"two words.txt"', "two words.txt"],
    ["größe 1.txt ", "größe 1.txt"],
    ["🍵.txt; x=1", "🍵.txt"],
    ['"a "quoted" name; 1.txt"', 'a "quoted" name; 1.txt'],
    ['"a; name=x"', "a; name=x"],
  ] as const) {
    test(`a file's name is read from ${written}`, () => {
      const [file] = partsIn(part(`; filename=${written}; name="f"`));
      assert.deepEqual([file?.name, file?.filename], ["f", name]);
    });
  }

  test("a file's name does not change the part's name", () => {
    const [file] = partsIn(part("; name=f; filename=a; name=chat_id"));
    assert.deepEqual([file?.name, file?.filename], ["f", "a"]);
  });

  test("a boundary may be in quotes", () => {
    assert.equal(partsIn(part("; name=a"), 'multipart/form-data; boundary="x"')[0]?.content, "abc");
  });

  for (const [what, malformed, type] of [
    ["no boundary", part("; name=a"), "multipart/form-data"],
    ["no delimiter", "abc", undefined],
    ["a header without an end", "--x\r\nContent-Disposition: form-data; name=a", undefined],
    ["content without an end", "--x\r\nContent-Disposition: form-data; name=a\r\n\r\nabc", undefined],
    ["a part without a name", part(""), undefined],
    ["a part with an empty name", part('; name=""'), undefined],
  ] as const) {
    test(`a form with ${what} is refused`, () => {
      assert.throws(() => partsIn(malformed, type), /400 Bad Request: can't parse multipart form/);
    });
  }
});
