import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formOf, type Part } from "../../src/telegram/multipart.ts";

function part(name: string, content: Uint8Array, more: Partial<Part> = {}): Part {
  const read = async function* () {
    yield content;
  };
  return { name, filename: "x.bin", content_type: "application/octet-stream", size: content.length, read, ...more };
}

async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test("another parser reads a form as it was written, and its length is right", async () => {
  const text = fc.string({ unit: "grapheme" }).filter((text) => !/[\r\n]|%\d/.test(text));
  const name = fc.stringMatching(/^[\w[\].-]+$/);
  const fields = fc.dictionary(name, fc.oneof(text, fc.integer(), fc.boolean(), fc.array(text)), { maxKeys: 5 });
  const files = fc.uniqueArray(fc.record({ name, content: fc.uint8Array({ maxLength: 300 }), filename: text }), {
    maxLength: 4,
    selector: ({ name }) => name,
  });
  await fc.assert(
    fc.asyncProperty(fields, files, async (fields, files) => {
      const { headers, body } = formOf(
        fields,
        files.map(({ name, content, filename }) => part(name, content, { filename, content_type: "image/png" })),
      );
      const bytes = await bytesOf(body);
      assert.equal(headers["content-length"], String(bytes.length));
      const form = await new Response(bytes, { headers }).formData();
      const expected = Object.entries(fields).map(([name, value]) => [
        name,
        typeof value === "string" ? value : JSON.stringify(value),
      ]);
      const read = [...form].filter(([, value]) => typeof value === "string");
      assert.deepEqual(read, expected);
      for (const [at, { name, content, filename }] of files.entries()) {
        const file = [...form].filter(([, value]) => typeof value !== "string")[at] as [string, File];
        assert.equal(file[0], name);
        assert.equal(file[1].name, filename);
        assert.equal(file[1].type, "image/png");
        assert.deepEqual(new Uint8Array(await file[1].arrayBuffer()), content);
      }
    }),
    { numRuns: 100 },
  );
});

test("a name cannot break out of its header", async () => {
  const filename = 'a"; name="chat_id"\r\nx: y\r\n\r\n';
  const { headers, body } = formOf({}, [part("document", new Uint8Array(1), { filename })]);
  const form = await new Response(await bytesOf(body), { headers }).formData();
  assert.deepEqual([...form.keys()], ["document"]);
});

test("a field that is null is left out", async () => {
  const { headers, body } = formOf({ caption: null, text: "x" }, []);
  assert.deepEqual([...(await new Response(await bytesOf(body), { headers }).formData()).entries()], [["text", "x"]]);
});

test("a form has no length if a part has no size", () => {
  const { headers } = formOf({}, [part("a", new Uint8Array(1)), part("b", new Uint8Array(1), { size: undefined })]);
  assert.equal(headers["content-length"], undefined);
});

test("a large part goes out in small steps, none of it copied", async () => {
  const content = new Uint8Array(300_000);
  const { body } = formOf({}, [part("document", content)]);
  let steps = 0;
  for await (const { buffer } of body) if (buffer === content.buffer) steps += 1;
  assert.equal(steps, 5);
});
