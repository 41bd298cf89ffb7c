import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { PassThrough, Readable } from "node:stream";
import { after, suite, test } from "node:test";
import type { ReadyFile } from "../../../workers/input-file.ts";
import { readMultipart } from "../../../workers/program/multipart.ts";
import { Spool } from "../../../workers/program/spool.ts";
import { Folder } from "../../folder.ts";

const MEGABYTE = 1024 * 1024;

/** The files of the tests that are left over show here. */
const folder = new Folder();
after(() => folder[Symbol.dispose]());
process.env.TMPDIR = folder.path;

interface FormOfPackage extends Readable {
  append(name: string, value: unknown, options?: object): void;
  getHeaders(): { "content-type": string };
}

/** The form that axios, request and node-fetch send. */
const FormOfPackage = createRequire(import.meta.url)("form-data") as new () => FormOfPackage;

const bytesOf = (file: unknown) => {
  const { content } = (file as ReadyFile).given;
  return Buffer.from((content as { bytes: Uint8Array }).bytes).toString();
};

suite("a form with files", () => {
  test("a form of fetch has its texts and its files, in their order", async () => {
    const form = new FormData();
    form.append("document", new File(["one"], "ä.txt", { type: "text/plain" }));
    form.append("caption", "two\r\nlines, ü");
    form.append("thumbnail", new Blob(["two"]));
    const whole = new Response(form);
    const type = whole.headers.get("content-type")!;
    const parameters = await readMultipart(Readable.fromWeb(whole.body as never), type, new Spool());
    assert.deepEqual(Object.keys(parameters), ["document", "caption", "thumbnail"]);
    assert.equal(parameters.caption, "two\r\nlines, ü");
    const { filename, content_type } = (parameters.document as ReadyFile).given;
    assert.deepEqual([filename, content_type, bytesOf(parameters.document)], ["ä.txt", "text/plain", "one"]);
    assert.equal(bytesOf(parameters.thumbnail), "two");
  });

  test("a form of the package form-data has buffers, streams and long texts", async () => {
    const form = new FormOfPackage();
    form.append("chat_id", 1);
    form.append("photo", Buffer.from("buffer"), { filename: "a.jpg" });
    form.append("reply_markup", "x".repeat(3 * MEGABYTE));
    form.append("document", Readable.from([Buffer.from("str"), Buffer.from("eam")]), { filename: "b.bin" });
    const parameters = await readMultipart(
      form.pipe(new PassThrough()),
      form.getHeaders()["content-type"],
      new Spool(),
    );
    assert.equal(parameters.chat_id, "1");
    assert.equal((parameters.reply_markup as string).length, 3 * MEGABYTE);
    assert.deepEqual([bytesOf(parameters.photo), bytesOf(parameters.document)], ["buffer", "stream"]);
  });

  for (const [what, whole] of [
    ["breaks off in a file", '--x\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\nabc'],
    ["breaks off in a text", '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nabc'],
  ] as const) {
    test(`a form that ${what} is refused, and leaves no file`, async () => {
      const spool = new Spool();
      const large = whole.replace("abc", "abc".repeat(MEGABYTE));
      await assert.rejects(
        readMultipart(Readable.from([Buffer.from(large)]), "multipart/form-data; boundary=x", spool),
      );
      await spool.discard();
      assert.deepEqual(readdirSync(folder.path), []);
    });
  }

  test("a form whose connection is lost is refused", async () => {
    async function* broken() {
      yield Buffer.from('--x\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\nabc');
      throw new Error("lost");
    }
    const body = Readable.from(broken(), { objectMode: false });
    await assert.rejects(readMultipart(body, "multipart/form-data; boundary=x", new Spool()), /lost/);
  });

  test("a form without a boundary is refused", async () => {
    await assert.rejects(readMultipart(Readable.from([]), "multipart/form-data", new Spool()), /[Bb]oundary/);
  });

  test("a disk that takes no file refuses the form", async () => {
    process.env.TMPDIR = "/nowhere/at/all";
    const form = new FormOfPackage();
    form.append("document", Buffer.alloc(2 * MEGABYTE), { filename: "a" });
    form.append("later", Buffer.alloc(2 * MEGABYTE), { filename: "b" });
    await assert.rejects(readMultipart(form.pipe(new PassThrough()), form.getHeaders()["content-type"], new Spool()), {
      code: "ENOENT",
    });
  });
});
