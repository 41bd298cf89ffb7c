import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { pageFile } from "../../../simulator/http/page.ts";
import { Simulator } from "../../../simulator/index.ts";
import { eventually } from "../../eventually.ts";

describe("the page in the browser", () => {
  test("it is served with a policy that lets nothing in from outside", async () => {
    await using simulator = await Simulator.start();
    for (const path of ["/", "/page.js", "/page.css", "/page.svg"]) {
      const response = await fetch(`${simulator.url}${path}`);
      // `npm run build` makes it; npm ci does that.
      assert.equal(response.status, 200, path);
      assert.match(response.headers.get("content-security-policy")!, /^default-src 'none'; script-src 'self';/);
      assert.ok(!/unsafe|data:|https?:/.test(response.headers.get("content-security-policy")!));
      assert.equal(response.headers.get("x-content-type-options"), "nosniff");
      assert.ok((await response.text()).length > 0);
    }
    assert.equal((await fetch(`${simulator.url}/main.tsx`)).status, 404);
  });

  test("no more than 150 KB of script, gzipped", async () => {
    const { gzipSync } = await import("node:zlib");
    assert.ok(gzipSync(pageFile("page.js").body).length < 150 * 1024);
  });

  test("pages of other origins get neither it nor what it shows", async () => {
    await using simulator = await Simulator.start();
    const headers = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    for (const path of ["/", "/page.js", "/simulator/snapshot", "/simulator/live", "/simulator/files/x"]) {
      assert.equal((await fetch(`${simulator.url}${path}`, { headers })).status, 403, path);
    }
  });

  test("the snapshot has all that it shows", async () => {
    await using simulator = await Simulator.start();
    const ann = await simulator.user("ann");
    const group = await simulator.group("Tea");
    await ann.join(group);
    await ann.sendText("hi");
    await simulator.fail("sendMessage", { error_code: 429, times: 1 });
    await fetch(`${simulator.url}/bot${simulator.token}/getMe`);
    const response = await fetch(`${simulator.url}/simulator/snapshot?person=${ann.id}`);
    const { result } = (await response.json()) as {
      result: Record<string, never[]> & {
        seq: number;
        chats: { chat: { id: number }; members: number[]; messages: { text: string }[] }[];
      };
    };
    assert.deepEqual(
      result.chats.map(({ chat }) => chat.id),
      [group.id, ann.id],
    );
    assert.ok(result.chats[0]!.members.includes(ann.id));
    assert.deepEqual(
      result.chats[1]!.messages.map(({ text }) => text),
      ["hi"],
    );
    assert.deepEqual(
      [result.calls!.map(({ method, number }) => [method, number]), result.faults!.map(({ method }) => method)],
      [[["getMe", 1]], ["sendMessage"]],
    );
  });

  test("what happens after it comes as events: chats, calls at their begin and end, updates", async () => {
    await using simulator = await Simulator.start();
    const ann = await simulator.user("ann");
    const aborting = new AbortController();
    const response = await fetch(`${simulator.url}/simulator/live`, { signal: aborting.signal });
    let text = "";
    const reading = (async () => {
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) text += chunk;
    })().catch(() => {});
    await ann.sendText("hi");
    await fetch(`${simulator.url}/bot${simulator.token}/getMe`);
    const events = () => [...text.matchAll(/^event: (\w+)$/gm)].map(([, name]) => name);
    await eventually(() => events().length === 4, events);
    assert.deepEqual(events(), ["chat", "update", "call", "call"]);
    assert.match(text, /"method":"getMe".*\n\nevent: call\ndata: .*"status":200.*"number":1/);
    aborting.abort();
    await reading;
  });

  test("a file is shown if it is a picture, a film or a sound, and else downloaded", async () => {
    await using simulator = await Simulator.start();
    const ann = await simulator.user("ann");
    const html = await ann.sendFile("page.html", Buffer.from("<script>alert(1)</script>"));
    const svg = await ann.sendFile("a.svg", Buffer.from("<svg onload='alert(1)'/>"));
    const video = await ann.sendVideo(Buffer.from("film"));
    const get = (file_id: string) => fetch(`${simulator.url}/simulator/files/${file_id}`);
    for (const { document } of [html, svg]) {
      const { headers } = await get(document!.file_id);
      assert.equal(headers.get("content-type"), "application/octet-stream");
      assert.equal(headers.get("content-disposition"), "attachment");
      assert.equal(headers.get("content-security-policy"), "default-src 'none'; sandbox");
      assert.equal(headers.get("x-content-type-options"), "nosniff");
    }
    const shown = await get(video.video!.file_id);
    assert.deepEqual([shown.headers.get("content-type"), await shown.text()], ["video/mp4", "film"]);
    assert.equal((await get("unknown")).status, 404);
  });
});
