/**
 * A part of `npm run tour`: whatever names, texts, entities, buttons and files hold, nothing of it is carried out in the page, and the page
 * goes on. `SEEDS=10` tries other mixtures, too.
 */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Random } from "../faults/random.ts";
import { seeds } from "../seeds.ts";
import { Tour } from "./tour.ts";

/** Each would call alarm(), or leave the page. */
const PAYLOADS = [
  "<img src=x onerror=alarm()>",
  "<script>alarm()</script>",
  "</title></style></textarea><svg onload=alarm()>",
  `"><a href="javascript:alarm()" autofocus onfocus="alarm()">x</a>`,
  "javascript:alarm()",
  "data:text/html,<script>parent.alarm()</script>",
  "{{constructor.constructor('alarm()')()}}",
  "\u202e\u2066)(mrala\u0000\u0007\ud800",
  '<meta http-equiv="refresh" content="0;url=/simulator/flood"><base href="//evil.example/">',
  "__proto__",
];
const ENTITIES = [
  "text_link",
  "bold",
  "pre",
  "code",
  "spoiler",
  "url",
  "email",
  "mention",
  "bot_command",
  "blockquote",
];
const MESSAGES = 60;

let tour: Tour;
let bot: string;
const alarms: string[] = [];

before(async () => {
  tour = await Tour.start("test/tour/bot.ts", "--workers", "1");
  const { page } = tour;
  await page.exposeFunction("alarm", () => alarms.push("a payload was carried out"));
  await page.addInitScript({
    content: "addEventListener('securitypolicyviolation', (event) => alarm(event.violatedDirective))",
  });
  page.on("dialog", (dialog) => alarms.push(`a dialog: ${dialog.message()}`) && dialog.dismiss());
  page.on("popup", (popup) => alarms.push(`a window: ${popup.url()}`));
  page.on("framenavigated", (frame) => frame.url() !== `${tour.url}` && alarms.push(`a page: ${frame.url()}`));
  await page.reload();
  await page.getByRole("textbox", { name: "Message" }).waitFor();
  const response = await fetch(new URL("/simulator/bots", tour.url));
  const { result } = (await response.json()) as { result: { token: string }[] };
  bot = `bot${result[0]!.token}`;
});

after(() => tour[Symbol.asyncDispose]());

/** An action of users, or a call of the bot; Telegram's rules may refuse it. */
async function post(path: string, body: object): Promise<{ ok: boolean; result: never }> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(new URL(path, tour.url), { method: "POST", headers, body: JSON.stringify(body) });
  return (await response.json()) as { ok: boolean; result: never };
}

/** Entities of any kind, also such as lie outside of the text or cross one another. */
function entitiesFor(text: string, random: Random): object[] {
  return Array.from({ length: random.integer(0, 6) }, () => ({
    type: random.pick(ENTITIES),
    offset: random.integer(-2, text.length + 2),
    length: random.integer(0, text.length + 5),
    url: random.pick(PAYLOADS),
    language: random.pick(PAYLOADS),
  }));
}

type Attack = (text: string, random: Random, ann: { id: number }) => Promise<{ ok: boolean }>;

const ATTACKS: Record<string, Attack> = {
  text: (text, random, { id }) =>
    post("/simulator/send", { user_id: id, content: { text, entities: entitiesFor(text, random) } }),
  caption: (text, random, { id }) =>
    post("/simulator/send", {
      user_id: id,
      content: {
        photo: [{ file_id: text, file_unique_id: text, width: 1, height: 1 }],
        caption: text,
        caption_entities: entitiesFor(text, random),
      },
    }),
  "file name": (text, _, { id }) =>
    post("/simulator/sendFile", { user_id: id, name: text, base64: Buffer.from(text).toString("base64") }),
  "places and people": (text, random, { id }) =>
    post("/simulator/send", {
      user_id: id,
      content: random.pick<object>([
        { contact: { phone_number: text, first_name: text } },
        { venue: { title: text, address: text, location: { latitude: 1, longitude: 1 } } },
        { dice: { emoji: text, value: 1 } },
        { game: { title: text, description: text, photo: [] } },
        { [text]: { a: text } },
      ]),
    }),
  buttons: (text, _, { id }) =>
    post(`/${bot}/sendMessage`, {
      chat_id: id,
      text,
      reply_markup: {
        inline_keyboard: [
          [
            { text, callback_data: "x" },
            { text, switch_inline_query: text },
          ],
        ],
      },
    }),
  keyboard: (text, _, { id }) =>
    post(`/${bot}/sendMessage`, { chat_id: id, text: "keyboard", reply_markup: { keyboard: [[text], ["ok"]] } }),
  poll: (text, _, { id }) =>
    post(`/${bot}/sendPoll`, { chat_id: id, question: text, options: [{ text }, { text: "ok" }] }),
  name: async (text) => {
    const user = (await post("/simulator/user", { name: text, details: { last_name: text } })).result as { id: number };
    return await post("/simulator/send", { user_id: user.id, content: { text } });
  },
  title: (text, _, { id }) => post("/simulator/chat", { title: text, owner_id: id }),
  commands: (text) => post(`/${bot}/setMyCommands`, { commands: [{ command: "x", description: text }] }),
  action: (text, _, { id }) => post(`/${bot}/sendChatAction`, { chat_id: id, action: text }),
  fault: (text) =>
    post("/simulator/fail", { method: "close", fault: { error_code: 400, description: text, when: { [text]: text } } }),
};

for (const seed of seeds()) {
  test(`nothing that people and bots send is carried out (seed ${seed})`, async () => {
    const { page } = tour;
    const random = new Random(seed);
    const ann = (await post("/simulator/user", { name: "ann" })).result as { id: number };
    let taken = 0;
    for (let i = 0; i < MESSAGES; i++) {
      const text = Array.from({ length: random.integer(1, 2) }, () => random.pick(PAYLOADS)).join(" ");
      const kind = i < Object.keys(ATTACKS).length ? Object.keys(ATTACKS)[i]! : random.pick(Object.keys(ATTACKS));
      if ((await ATTACKS[kind]!(text, random, ann)).ok) taken += 1;
    }
    assert.ok(taken > MESSAGES / 2, `only ${taken} were taken`);
    await page.reload();
    await page.getByRole("textbox", { name: "Message" }).waitFor();
    for (const tab of ["Updates", "Calls", "Weather"]) {
      if (tab === "Updates") await page.getByRole("button", { name: "Inspector" }).first().click();
      await page.getByRole("tab", { name: tab }).click();
      for (const summary of await page.locator(".panel summary").all()) await summary.click();
    }
    await page.getByRole("button", { name: "Close the panel" }).click();
    await page.locator(".people summary").click();
    await page
      .locator(".spoiler")
      .evaluateAll((spoilers) => spoilers.forEach((one) => void (one as unknown as { click(): void }).click()));

    const targets = await page
      .locator("a")
      .evaluateAll((links) => links.map((link) => (link as unknown as { href: string }).href));
    const isSafe = (target: string) => /^(https?|tg|mailto|tel):/.test(target);
    assert.deepEqual(
      targets.filter((target) => !isSafe(target)),
      [],
    );
    const scripts = await page.locator("script, iframe, object, embed, base, meta[http-equiv]").count();
    assert.equal(scripts, 1, "the page's own script alone");
    await tour.say("still here", "Bot: still here");
    assert.deepEqual(alarms, []);
  });
}
