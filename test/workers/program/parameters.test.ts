import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { suite, test } from "node:test";
import { readParameters } from "../../../workers/program/parameters.ts";
import { Spool } from "../../../workers/program/spool.ts";

const read = (url: string, type?: string, body?: string) =>
  readParameters({ url, type, body: body === undefined ? undefined : Readable.from([Buffer.from(body)]) }, new Spool());

suite("the parameters of a request", () => {
  test("a query has them", async () => {
    assert.deepEqual(await read("/bot1:a/getMe"), {});
    assert.deepEqual(await read("https://x/bot1:a/getMe?a=1&b=%C3%A4+c"), { a: "1", b: "ä c" });
  });

  for (const [type, body] of [
    ["application/json", '{"a":"2","b":[1]}'],
    ["application/json; charset=utf-8", '\n {"a":"2","b":[1]}'],
    ["text/plain;charset=UTF-8", '{"a":"2","b":[1]}'],
    [undefined, '{"a":"2","b":[1]}'],
  ] as const) {
    test(`JSON as ${type} has them, and counts more than the query`, async () => {
      assert.deepEqual(await read("/bot1:a/getMe?a=1&c=3", type, body), { a: "2", b: [1], c: "3" });
    });
  }

  test("an urlencoded form has them", async () => {
    const type = "application/x-www-form-urlencoded";
    assert.deepEqual(await read("/bot1:a/getMe", type, "a=%7B%7D&b=1+2"), { a: "{}", b: "1 2" });
    assert.deepEqual(await read("/bot1:a/getMe", type, ""), {});
  });

  test("a form with files has them", async () => {
    const body = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n';
    assert.deepEqual(await read("/bot1:a/getMe?b=2", "Multipart/Form-Data; boundary=x", body), { a: "1", b: "2" });
  });
});
