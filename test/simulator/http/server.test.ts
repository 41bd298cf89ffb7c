import assert from "node:assert/strict";
import { subscribe } from "node:diagnostics_channel";
import type { Server } from "node:http";
import { test } from "node:test";
import { refuse, Simulator, tooManyRequests } from "../../../simulator/index.ts";
import { requestRaw } from "../../raw-request.ts";
import { callerOf, type Reply, verdict } from "../caller.ts";

async function get(simulator: Simulator, path: string, init?: RequestInit) {
  const response = await fetch(`${simulator.url}${path}`, init);
  return { status: response.status, body: (await response.json()) as Reply, headers: response.headers };
}

test("parameters are read from JSON, a form, multipart and the query, by GET and by POST", async () => {
  await using simulator = await Simulator.start();
  const ann = await simulator.user("ann");
  await ann.sendText("hello");
  const path = `/bot${simulator.token}/sendMessage`;
  const given = { chat_id: String(ann.id), text: "hi" };
  const form = new FormData();
  for (const [key, value] of Object.entries(given)) form.set(key, value);
  const query = new URLSearchParams(given);
  const json = { method: "POST", body: JSON.stringify(given), headers: { "content-type": "application/json" } };
  const requests: [string, RequestInit][] = [
    [`${path}?${query}`, {}],
    [`${path}?${query}`, { method: "POST" }],
    [path, json],
    [path, { method: "POST", body: query }],
    [path, { method: "POST", body: form }],
    [`${path}?text=overruled`, json],
    [path.replace("sendMessage", "SENDMESSAGE"), json],
  ];
  for (const [path, init] of requests) {
    const { body } = await get(simulator, path, init);
    assert.equal(body.result?.text, "hi", `${path} ${JSON.stringify(init)} ${JSON.stringify(body)}`);
  }
});

test("a structure may be JSON text", async () => {
  await using simulator = await Simulator.start();
  const ann = await simulator.user("ann");
  await ann.sendText("hello");
  const reply_markup = JSON.stringify({ inline_keyboard: [[{ text: "Yes", callback_data: "y" }]] });
  const call = callerOf(simulator);
  const { result } = await call("sendMessage", { chat_id: ann.id, text: "Well?", reply_markup });
  assert.equal(result.reply_markup.inline_keyboard[0][0].text, "Yes");
  const broken = await call("sendMessage", { chat_id: ann.id, text: "Well?", reply_markup: "{" });
  assert.equal(verdict(broken), "400 Bad Request: can't parse reply keyboard markup JSON object");
  const other = await call("sendMessage", { chat_id: ann.id, text: "Well?", reply_markup: "7" });
  assert.equal(verdict(other), "400 Bad Request: object expected as reply markup");
});

test("a wrong token is refused with 401, an unknown path or method with 404", async () => {
  await using simulator = await Simulator.start();
  const unauthorized = { ok: false, error_code: 401, description: "Unauthorized" };
  const notFound = { ok: false, error_code: 404, description: "Not Found" };
  const noMethod = { ok: false, error_code: 404, description: "Not Found: method not found" };
  assert.deepEqual((await get(simulator, "/bot123:wrong/getMe")).body, unauthorized);
  for (const path of ["/bot/getMe", "/botnonsense/getMe", "/nowhere", "/nowhere/at/all"]) {
    const { status, body } = await get(simulator, path);
    assert.equal(status, 404);
    assert.deepEqual(body, notFound);
  }
  assert.deepEqual((await get(simulator, `/bot${simulator.token}/getNothing`)).body, noMethod);
});

test("an uploaded file can be downloaded", async () => {
  await using simulator = await Simulator.start();
  const ann = await simulator.user("ann");
  await ann.sendText("hello");
  const form = new FormData();
  form.set("chat_id", String(ann.id));
  form.set("document", "attach://part");
  form.set("part", new File(["content"], "notes.txt", { type: "text/plain" }));
  const { body } = await get(simulator, `/bot${simulator.token}/sendDocument`, { method: "POST", body: form });
  const { file_id, file_name, mime_type, file_size } = body.result.document;
  assert.deepEqual([file_name, mime_type, file_size], ["notes.txt", "text/plain", 7]);
  const { result } = await callerOf(simulator)("getFile", { file_id });
  const download = await fetch(`${simulator.url}/file/bot${simulator.token}/${result.file_path}`);
  assert.equal(await download.text(), "content");
  const [call] = await simulator.callsOf("sendDocument");
  assert.deepEqual(call?.parameters.document, { name: "notes.txt", type: "text/plain", size: 7 });
});

test("a malformed body is refused", async () => {
  await using simulator = await Simulator.start();
  const headers = { "content-type": "application/json" };
  for (const body of ["{", "[]", "7"]) {
    const { status } = await get(simulator, `/bot${simulator.token}/getMe`, { method: "POST", body, headers });
    assert.equal(status, 400);
  }
});

test("an intercept can answer instead of the Bot API", async () => {
  let refusals = 1;
  await using simulator = await Simulator.start({
    intercept: async ({ method }, respond) =>
      method.toLowerCase() === "sendmessage" && refusals-- > 0 ? refuse(tooManyRequests(3)) : await respond(),
  });
  const ann = await simulator.user("ann");
  await ann.sendText("hello");
  const path = `/bot${simulator.token}/sendMessage?chat_id=${ann.id}&text=hi`;
  const first = await get(simulator, path);
  assert.equal(first.headers.get("retry-after"), "3");
  assert.deepEqual(first.body, {
    ok: false,
    error_code: 429,
    description: "Too Many Requests: retry after 3",
    parameters: { retry_after: 3 },
  });
  assert.equal((await get(simulator, path)).body.ok, true);
});

test("attach:// refers to an upload anywhere in a structure, and the file can be downloaded", async () => {
  await using simulator = await Simulator.start();
  const { id } = await (await simulator.user("ann")).sendText("hi").then(({ chat }) => chat);
  const form = new FormData();
  form.set("chat_id", String(id));
  form.set(
    "media",
    JSON.stringify([
      { type: "document", media: "attach://a", thumbnail: "attach://b" },
      { type: "document", media: "known" },
    ]),
  );
  form.set("a", new File(["content"], "a.txt", { type: "text/plain" }));
  form.set("b", new File(["small"], "b.jpg"));
  const api = `${simulator.url}/bot${simulator.token}`;
  const sent = await (await fetch(`${api}/sendMediaGroup`, { method: "POST", body: form })).json();
  const [{ document }, other] = (sent as { result: { document: { file_id: string; file_name: string } }[] }).result as [
    { document: { file_id: string; file_name: string; file_size: number } },
    { document: { file_id: string } },
  ];
  assert.deepEqual([document.file_name, document.file_size, other.document.file_id], ["a.txt", 7, "known"]);
  const { result } = (await (await fetch(`${api}/getFile?file_id=${document.file_id}`)).json()) as {
    result: { file_path: string };
  };
  const file = await fetch(`${simulator.url}/file/bot${simulator.token}/${result.file_path}`);
  assert.equal(await file.text(), "content");
  form.delete("b");
  const refused = await (await fetch(`${api}/sendMediaGroup`, { method: "POST", body: form })).json();
  assert.equal((refused as { description: string }).description, "Bad Request: there is no thumbnail in the request");
});

test("no timeout resets a request that waits to be read: neither of an idle connection, nor of a slow one", async () => {
  await using simulator = await Simulator.start();
  const servers: Server[] = [];
  subscribe("http.server.request.start", (message) => servers.push((message as { server: Server }).server));
  const { headers } = await get(simulator, `/bot${simulator.token}/getMe`);
  assert.equal(headers.get("keep-alive"), null);
  const [{ keepAliveTimeout, headersTimeout, requestTimeout, timeout }] = servers as [Server];
  assert.deepEqual([keepAliveTimeout, headersTimeout, requestTimeout, timeout], [0, 0, 0, 0]);
});

test("pages of other origins are refused with 403, for the Bot API, downloads and the users' side", async () => {
  await using simulator = await Simulator.start();
  const bot = `bot${simulator.token}`;
  const foreign = [{ origin: "https://evil.example" }, { origin: "null" }, { "sec-fetch-site": "cross-site" }];
  for (const path of [`/${bot}/getMe`, `/file/${bot}/documents/file_1`, "/simulator/user", "/simulator/stream"]) {
    for (const headers of foreign) assert.equal((await requestRaw(simulator.url, { path, headers })).status, 403, path);
  }
  const own = { origin: simulator.url, "sec-fetch-site": "same-origin" };
  assert.equal((await requestRaw(simulator.url, { path: "/simulator/bots", headers: own })).status, 200);
  assert.equal(simulator.calls.length, 0);
});

// Chromium sends a GET of a page of http://evil.example without `origin` and `sec-fetch-site`; its user-agent cannot be changed.
test("a browser reaches nothing under a name that a page can take, unless the name is allowed", async () => {
  await using simulator = await Simulator.start({ allowHosts: ["simulator.test"] });
  const bot = `bot${simulator.token}`;
  const paths = [`/${bot}/getMe`, `/file/${bot}/documents/file_1`, "/healthz", "/"];
  const browsers = (host: string) => [
    { host, "sec-fetch-site": "same-origin" },
    { host, origin: `http://${host}` },
    { host, "user-agent": "Mozilla/5.0 (X11; Linux x86_64)" },
  ];
  for (const path of paths) {
    for (const headers of browsers("evil.example")) {
      assert.equal((await requestRaw(simulator.url, { path, headers })).status, 403, path);
    }
  }
  assert.equal(simulator.calls.length, 0);
  for (const host of ["localhost", "127.0.0.1:1", "simulator.test:8081"]) {
    for (const headers of browsers(host)) {
      assert.equal((await requestRaw(simulator.url, { path: `/${bot}/getMe`, headers })).status, 200, host);
    }
  }
});

test("the Bot API answers to any name, the users' side to those that no page can take, and to those that are allowed", async () => {
  await using simulator = await Simulator.start({ allowHosts: ["Simulator.test"] });
  const statusAs = async (host: string, path: string) =>
    (await requestRaw(simulator.url, { path, headers: { host } })).status;
  for (const host of ["evil.example", "simulator", "bot-api:8081"]) {
    assert.equal(await statusAs(host, `/bot${simulator.token}/getMe`), 200, host);
    assert.equal(await statusAs(host, "/healthz"), 200, host);
    assert.equal(await statusAs(host, "/simulator/bots"), 403, host);
  }
  for (const host of ["localhost", "127.0.0.1:1", "[::1]:8081", "a.localhost", "simulator.test:8081"]) {
    assert.equal(await statusAs(host, "/simulator/bots"), 200, host);
  }
  const { text } = await requestRaw(simulator.url, { path: "/simulator/bots", headers: { host: "simulator:8081" } });
  assert.match(JSON.parse(text).error, /--allow-host simulator /);
});

test("a file of 50 MB is taken, a longer body is refused with the limit, whether its length is given or not", async () => {
  await using simulator = await Simulator.start();
  const ann = await simulator.user("ann");
  await ann.sendText("hello");
  const path = `/bot${simulator.token}/sendDocument`;
  const form = new FormData();
  form.set("chat_id", String(ann.id));
  form.set("document", new File([new Uint8Array(50 * 2 ** 20)], "film.mp4"));
  assert.equal(
    (await get(simulator, path, { method: "POST", body: form })).body.result.document.file_size,
    50 * 2 ** 20,
  );
  const long = { path, method: "POST", headers: { "content-length": String(2 ** 40) }, body: "the beginning" };
  const { status, text } = await requestRaw(simulator.url, long);
  assert.deepEqual([status, JSON.parse(text).description], [413, "Request Entity Too Large: the limit is 51 MB"]);
  const endless = { path: "/simulator/user", method: "POST", body: " ".repeat(71 * 2 ** 20) };
  const refused = await requestRaw(simulator.url, endless);
  assert.deepEqual(
    [refused.status, JSON.parse(refused.text).error],
    [413, "Request Entity Too Large: the limit is 70 MB"],
  );
});

test("/healthz answers", async () => {
  await using simulator = await Simulator.start();
  assert.deepEqual((await get(simulator, "/healthz")).body, { ok: true });
});

test("a path may be written with escapes", async () => {
  await using simulator = await Simulator.start();
  const path = `/bot${simulator.token.replace(":", "%3A")}/getMe`;
  assert.equal((await get(simulator, path)).body.result.username, "simulated_bot");
  assert.equal((await get(simulator, "/%zz/getMe")).status, 404);
});
