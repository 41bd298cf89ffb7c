/**
 * `npm run tour`: drives the simulator's page in Chromium through every feature, and fails where one is missing. With SCREENSHOTS=1 it
 * leaves the pictures that docs show, in docs/simulator/.
 */

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { eventually } from "../eventually.ts";
import { Tour } from "./tour.ts";

const PICTURES = join(import.meta.dirname, "../../docs/simulator");
const FILE = join(import.meta.dirname, "picture.png");
/** One pixel. */
const GIF = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";

let tour: Tour;

before(async () => {
  tour = await Tour.start("test/tour/bot.ts", "--workers", "1");
});

after(() => tour[Symbol.asyncDispose]());

/** Each step goes on where the one before has left the page. */
let hasFailed = false;
beforeEach(() => assert.ok(!hasFailed, "a step before this one has failed"));
afterEach((t) => {
  hasFailed ||= !(t as { passed?: boolean }).passed;
});

async function picture(name: string): Promise<void> {
  if (process.env.SCREENSHOTS === undefined) return;
  mkdirSync(PICTURES, { recursive: true });
  await tour.page.screenshot({ path: join(PICTURES, `${name}.png`) });
}

type Image = { naturalWidth: number };

/** A text among the messages of the open chat. */
const said = (text: string) => tour.page.locator(".messages").getByText(text).first();

const byRole = (...[role, options]: Parameters<Tour["page"]["getByRole"]>) => tour.page.getByRole(role, options);

/** An action by HTTP, beside the page. */
async function post(action: string, body: object): Promise<{ id: number }> {
  const headers = { "content-type": "application/json" };
  const url = new URL(`/simulator/${action}`, tour.url);
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  return ((await response.json()) as { result: { id: number } }).result;
}

describe("the chat", () => {
  test("a bot is started", async () => {
    await byRole("button", { name: "Start", exact: true }).click();
    await said("Welcome").waitFor();
    await byRole("button", { name: "Start", exact: true }).waitFor({ state: "detached" });
  });

  test("a message is answered, and the reply keyboard writes", async () => {
    await tour.say("/start", "Welcome");
    await byRole("button", { name: "two", exact: true }).click();
    await said("Bot: two").waitFor();
  });

  test("commands are offered as one types", async () => {
    await byRole("textbox", { name: "Message" }).fill("/pho");
    await byRole("button", { name: "/photo" }).click();
    const image = byRole("img", { name: "Photo" });
    await image.waitFor();
    await eventually(
      async () => await image.evaluate((shown) => (shown as unknown as Image).naturalWidth === 240),
      () => image.getAttribute("src"),
    );
  });

  test("arrow keys go through the commands and back to the text", async () => {
    const field = byRole("textbox", { name: "Message" });
    await field.fill("/p");
    await byRole("button", { name: "/photo Shows photo" }).waitFor();
    const focused = () => tour.page.evaluate("document.activeElement.textContent || document.activeElement.id");
    const went: unknown[] = [];
    for (const key of ["ArrowDown", "ArrowUp", "ArrowUp", "ArrowUp"]) {
      await tour.page.keyboard.press(key);
      went.push(await focused());
    }
    assert.deepEqual(went, ["/photo Shows photo", "text", "/pay Shows pay", "/place Shows place"]);
    await tour.page.keyboard.press("Enter");
    await said("52.5").waitFor();
  });

  test("a keyboard for one use is away after it, and comes back by a button or with the bot's next one", async () => {
    await tour.say("/once", "Once only");
    const key = byRole("button", { name: "now", exact: true });
    await key.click();
    await said("Bot: now").waitFor();
    const again = byRole("button", { name: "Show the keyboard" });
    await again.click();
    await key.click();
    await again.waitFor();
    await tour.say("/once", "Once only");
    await key.waitFor();
    await tour.say("/start", "Welcome");
  });

  test("entities are shown", async () => {
    const message = await tour.say("/text", "bold");
    for (const tag of ["b", "i", "u", "s", "code", "pre", "blockquote b", ".spoiler"]) {
      assert.ok((await message.locator(tag).count()) > 0, tag);
    }
    const targets = await message
      .locator("a")
      .evaluateAll((links) => links.map((link) => (link as unknown as { href: string }).href));
    assert.deepEqual(targets, ["https://example.com/", "https://t.me/simulated_bot", "mailto:mail@example.com"]);
    await message.locator(".spoiler").click();
    assert.ok(await message.locator(".spoiler.is-open").isVisible());
  });

  test("a button is pressed, and its answer shown", async () => {
    const message = await tour.say("/buttons", "Choose");
    // The bot does not answer it.
    await message.getByRole("button", { name: "No" }).click();
    await message.locator("[aria-busy=true]").filter({ hasText: "No" }).waitFor();
    await message.getByRole("button", { name: "Yes" }).click();
    await tour.page.getByText("You chose yes").waitFor();
    await message.locator("[aria-busy=true]").waitFor({ state: "detached" });
  });

  test("album, document, place, dice", async () => {
    await tour.say("/album", "Two of them");
    const file = await tour.say("/file", "page.html");
    const url = await file.locator("a").getAttribute("href");
    const response = await fetch(new URL(url!, tour.url));
    assert.equal(response.headers.get("content-type"), "application/octet-stream");
    assert.equal(response.headers.get("content-disposition"), "attachment");
    await tour.say("/place", "52.5");
    await tour.say("/dice", "🎲");
  });

  test("one votes in a poll", async () => {
    const poll = await tour.say("/poll", "Tea or coffee?");
    assert.equal(await poll.locator("meter").count(), 0);
    await poll.getByRole("button", { name: "Tea" }).click();
    await poll.getByText("1 vote").waitFor();
    assert.equal(await poll.locator("meter").count(), 2);
  });

  test("a quiz tells what is right, and why", async () => {
    const quiz = await tour.say("/quiz", "The largest planet?");
    await quiz.getByRole("button", { name: "Mars" }).click();
    await quiz.getByText("Wrong. The answer is Jupiter. It has more mass than all others.").waitFor();
    assert.equal(await quiz.locator(".verdict .text b").innerText(), "mass");
    const again = await tour.say("/quiz", "The largest planet?");
    await again.getByRole("button", { name: "Jupiter" }).click();
    await again.getByText("Right.").waitFor();
    assert.ok(await again.getByRole("button", { name: "Mars" }).isDisabled());
    await tour.page.reload();
    await tour.page.getByText("Right.").waitFor();
  });

  test("a bot that asks for a reply gets one", async () => {
    const question = await tour.say("/name", "What is your name?");
    await tour.page.locator(".draft").filter({ hasText: "Reply to What is your name?" }).waitFor();
    await tour.say("Ann", "Bot: Ann");
    assert.equal(await tour.page.locator(".message.is-mine q").last().innerText(), "What is your name?");
    await question.waitFor();
  });

  test("a live photo has its picture, a checklist its tasks, and a service message what it tells", async () => {
    const film = (await tour.say("/live", "sendLivePhoto")).getByLabel("Live photo");
    const response = await fetch(new URL((await film.getAttribute("poster"))!, tour.url));
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), readFileSync(FILE));
    const { id: user_id } = await post("user", { name: "ann" });
    const tasks = [
      { id: 1, text: "Bread", completion_date: 1 },
      { id: 2, text: "Tea" },
    ];
    await post("send", { user_id, content: { checklist: { title: "To buy", tasks } } });
    const list = tour.page.locator(".message").filter({ hasText: "To buy" });
    await list.first().waitFor();
    assert.deepEqual(await list.first().locator("article li").allInnerTexts(), ["☑ Bread", "☐ Tea"]);
    await post("send", { user_id, content: { web_app_data: { data: "42", button_text: "Open" } } });
    await said("web app data: data 42, button text Open").waitFor();
  });

  test("one gives several answers to a poll, and takes them back", async () => {
    const poll = await tour.say("/choices", "Which ones?");
    for (const name of ["Red", "Blue"]) await poll.getByRole("checkbox", { name }).check();
    await poll.getByRole("button", { name: "Vote" }).click();
    await poll.getByText("1 vote").waitFor();
    assert.deepEqual(await poll.locator("label .quiet").allInnerTexts(), ["1", "0", "1"]);
    for (const name of ["Red", "Blue"]) await poll.getByRole("checkbox", { name }).uncheck();
    await poll.getByRole("button", { name: "Vote" }).click();
    await poll.getByText("0 votes").waitFor();
    assert.equal(await poll.locator("label .quiet").count(), 0);
  });

  test("paid media are shown and bought, a rich message is shown", async () => {
    const paid = await tour.say("/paid", "Buy for 5 XTR");
    await paid.getByRole("img", { name: "Photo" }).waitFor();
    await paid.getByRole("button", { name: "Buy" }).click();
    await said("Bought: pictures").waitFor();
    assert.equal(await (await tour.say("/rich", "Heading")).locator(".text").innerText(), "Heading\nwords in bold");
  });

  test("a button copies a text, and one asks the bot inline", async () => {
    const message = await tour.say("/helpers", "Helpers");
    await tour.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await message.getByRole("button", { name: "Copy" }).click();
    await eventually(
      async () => (await tour.page.evaluate("navigator.clipboard.readText()")) === "a code",
      () => tour.page.evaluate("navigator.clipboard.readText()"),
    );
    await message.getByRole("button", { name: "Ask" }).click();
    await byRole("button", { name: "Result for cake" }).click();
    await said("chosen: cake").waitFor();
  });

  test("an edit of a photo is one of its caption", async () => {
    const { id } = await post("user", { name: "ann" });
    await post("sendPhoto", { user_id: id, caption: "my cat", base64: readFileSync(FILE).toString("base64") });
    await said("Bot: my cat").waitFor();
    const field = byRole("textbox", { name: "Message" });
    await field.focus();
    await tour.page.keyboard.press("ArrowUp");
    await eventually(
      async () => (await field.inputValue()) === "my cat",
      () => field.inputValue(),
    );
    await field.fill("my dog");
    await field.press("Enter");
    const mine = tour.page
      .locator(".message.is-mine")
      .filter({ has: tour.page.locator("img") })
      .last();
    await mine.getByText("edited").waitFor();
    assert.equal(await mine.locator(".text").innerText(), "my dog");
  });

  test("edits, deleted messages, actions and reactions", async () => {
    await tour.say("/edit", "Second version");
    const gone = await tour.say("/gone", "Soon gone");
    await eventually(
      async () => (await gone.getAttribute("class"))?.includes("is-deleted") ?? false,
      () => gone.getAttribute("class"),
    );
    const done = tour.say("/busy", "Done");
    await byRole("status").filter({ hasText: "is typing" }).waitFor();
    await done;
    await byRole("textbox", { name: "Message" }).fill("/react");
    await tour.page.keyboard.press("Enter");
    await tour.page.locator(".message").filter({ hasText: "/react" }).getByText("🔥 ").first().waitFor();
  });

  test("Up edits the last message, and one replies, reacts and deletes", async () => {
    await tour.say("a slip", "Bot: a slip");
    // The text is there before the next key can be.
    const shown = await tour.page.evaluate(`new Promise((resolve) => {
      const field = document.querySelector("#text");
      field.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowUp", bubbles: true }));
      setTimeout(() => resolve(field.value));
    })`);
    assert.equal(shown, "a slip");
    await byRole("textbox", { name: "Message" }).fill("no slip");
    await tour.page.keyboard.press("Enter");
    const mine = tour.page.locator(".message.is-mine").filter({ hasText: "no slip" }).first();
    await mine.getByText("edited").waitFor();
    await mine.hover();
    await mine.getByRole("button", { name: "Reply" }).click();
    await tour.say("a reply", "Bot: a reply");
    assert.equal(await tour.page.locator(".message.is-mine q").last().innerText(), "no slip");
    await mine.hover();
    await mine.getByRole("button", { name: "React with 👍" }).click();
    await mine.locator(".reactions").getByText("👍").waitFor();
    await mine.getByRole("button", { name: "React with 👍", pressed: true }).click();
    await mine.locator(".reactions").waitFor({ state: "detached" });
    await mine.getByRole("button", { name: "Delete" }).click();
    await eventually(
      async () => (await mine.getAttribute("class"))?.includes("is-deleted") ?? false,
      () => mine.getAttribute("class"),
    );
  });

  test("an edit that is cancelled gives back what one had begun to write", async () => {
    const field = byRole("textbox", { name: "Message" });
    await tour.say("to be edited", "Bot: to be edited");
    await tour.page.keyboard.press("ArrowUp");
    await eventually(
      async () => (await field.inputValue()) === "to be edited",
      () => field.inputValue(),
    );
    await tour.page.keyboard.press("Escape");
    await eventually(
      async () => (await field.inputValue()) === "",
      () => field.inputValue(),
    );
    await field.fill("half a messa");
    const mine = tour.page.locator(".message.is-mine").filter({ hasText: "to be edited" });
    await mine.hover();
    await mine.getByRole("button", { name: "Edit" }).click();
    await eventually(
      async () => (await field.inputValue()) === "to be edited",
      () => field.inputValue(),
    );
    await byRole("button", { name: "Cancel" }).click();
    await eventually(
      async () => (await field.inputValue()) === "half a messa",
      () => field.inputValue(),
    );
  });

  test("what one had begun to write is there again after another chat", async () => {
    await byRole("textbox", { name: "Message" }).press("Escape");
    await tour.page.getByText("Choose a chat.").waitFor();
    await tour.page.locator("button.chat").first().click();
    assert.equal(await byRole("textbox", { name: "Message" }).inputValue(), "half a messa");
  });

  test("a reply that is refused stays a reply", async () => {
    const field = byRole("textbox", { name: "Message" });
    const mine = tour.page.locator(".message.is-mine").filter({ hasText: "to be edited" });
    await mine.hover();
    await mine.getByRole("button", { name: "Reply" }).click();
    await field.fill("at the second try");
    const refusal = { json: { ok: false, error: "not now" } };
    await tour.page.route("**/simulator/send", (route) => route.fulfill(refusal), { times: 1 });
    await tour.page.keyboard.press("Enter");
    await byRole("alert").filter({ hasText: "not now" }).getByRole("button").click();
    assert.equal(await field.inputValue(), "at the second try");
    await field.press("Enter");
    await said("Bot: at the second try").waitFor();
    assert.equal(await tour.page.locator(".message.is-mine q").last().innerText(), "to be edited");
  });

  test("a GIF is shown as a picture, and reactions stay when the page is loaded anew", async () => {
    const gif = { name: "dot.gif", mimeType: "image/gif", buffer: Buffer.from(GIF, "base64") };
    await tour.page.getByLabel("Attach").click();
    await tour.page.getByLabel("File, photo, video, voice").setInputFiles(gif);
    const image = byRole("img", { name: "GIF" });
    await image.waitFor();
    await eventually(
      async () => await image.evaluate((shown) => (shown as unknown as Image).naturalWidth === 1),
      () => image.getAttribute("src"),
    );
    await tour.page.reload();
    await tour.page.locator(".message").filter({ hasText: "/react" }).getByText("🔥 ").first().waitFor();
  });

  test("files by the form and by drag and drop, a location, a contact", async () => {
    await tour.page.getByLabel("Attach").click();
    await tour.page.getByLabel("File, photo, video, voice").setInputFiles(FILE);
    await said("Bot: photo").waitFor();
    const sound = { name: "note.ogg", mimeType: "audio/ogg", buffer: Buffer.from("OggS") };
    await tour.page.getByLabel("File, photo, video, voice").setInputFiles(sound);
    await said("Bot: voice").waitFor();
    assert.equal(await tour.page.locator(".message.is-mine audio").count(), 1);
    // The menu closes with each choice, and with a click elsewhere.
    const menu = tour.page.locator(".attach[open]");
    for (const name of ["Location", "Contact"]) {
      assert.equal(await menu.count(), 0);
      await tour.page.getByLabel("Attach").click();
      await byRole("button", { name, exact: true }).click();
      await said(`Bot: ${name.toLowerCase()}`).waitFor();
    }
    await tour.page.getByLabel("Attach").click();
    assert.equal(await menu.count(), 1);
    await byRole("textbox", { name: "Message" }).click();
    assert.equal(await menu.count(), 0);
    const dropped = await tour.page.evaluateHandle(() => {
      const { DataTransfer, File } = globalThis as unknown as {
        DataTransfer: new () => { items: { add(file: object): void } };
        File: typeof globalThis.File;
      };
      const data = new DataTransfer();
      data.items.add(new File(["words"], "words.txt", { type: "text/plain" }));
      return data;
    });
    await tour.page.dispatchEvent(".composer", "drop", { dataTransfer: dropped });
    await said("words.txt").waitFor();
  });

  test("inline mode, by typing the bot's name", async () => {
    await byRole("textbox", { name: "Message" }).fill("@simulated_bot tea");
    await byRole("button", { name: "Result for tea" }).click();
    await said("chosen: tea").waitFor();
  });

  test("an invoice is paid", async () => {
    const invoice = await tour.say("/pay", "Book");
    await invoice.getByRole("button", { name: "Pay 50 XTR" }).click();
    await said("Paid 50 XTR").waitFor();
    const quiz = await tour.say("/quiz", "0 votes");
    await quiz.getByRole("button", { name: "Jupiter" }).click();
    await tour.page.locator(".message").last().getByText("Right.").waitFor();
    await picture("chat");
  });
});

describe("people and chats", () => {
  test("one blocks the bot, whose calls are refused, and unblocks it", async () => {
    await byRole("button", { name: "Block the bot", exact: true }).click();
    await byRole("button", { name: "Unblock the bot" }).waitFor();
    await byRole("button", { name: "Inspector" }).first().click();
    await byRole("tab", { name: "Calls" }).click();
    await tour.page.getByText("Forbidden: bot was blocked by the user").first().waitFor();
    await byRole("button", { name: "Close the panel" }).click();
    await byRole("button", { name: "Unblock the bot" }).click();
    await byRole("button", { name: "Block the bot", exact: true }).click();
    await byRole("button", { name: "Unblock the bot" }).waitFor();
    // Who writes to the bot unblocks it.
    await tour.say("I am back", "Bot: I am back");
    await byRole("button", { name: "Block the bot", exact: true }).waitFor();
  });

  test("one becomes another person, in a chat of their own", async () => {
    await tour.page.locator(".people summary").click();
    await byRole("textbox", { name: "Name of a new person" }).fill("bob");
    await tour.page.keyboard.press("Enter");
    await tour.page.locator(".people summary").filter({ hasText: "bob" }).waitFor();
    assert.equal(await tour.page.locator(".message").count(), 0);
    await tour.say("I am bob", "Bot: I am bob");
    await byRole("button", { name: "ann", exact: true }).click();
    await tour.page.locator(".people summary").filter({ hasText: "ann" }).waitFor();
    await said("Paid 50 XTR").waitFor();
    await tour.page.locator(".people summary").click();
  });

  for (const type of ["group", "supergroup", "channel"]) {
    test(`a ${type} is created and written in`, async () => {
      await byRole("textbox", { name: "Title of a new chat" }).fill(`My ${type}`);
      await byRole("combobox", { name: "Type of the new chat" }).selectOption(type);
      await byRole("button", { name: "Create" }).click();
      await byRole("heading", { name: `My ${type}` }).waitFor();
      if (type !== "channel") await tour.say("hello all", "Bot: hello all");
    });
  }

  test("another person joins a group, and is shown its chat", async () => {
    const be = async (name: string) => {
      await tour.page.locator(".people summary").click();
      await byRole("button", { name, exact: true }).click();
      await tour.page.locator(".people summary").filter({ hasText: name }).waitFor();
      await tour.page.locator(".people summary").click();
    };
    await be("bob");
    await byRole("button", { name: "Join My group" }).click();
    await byRole("heading", { name: "My group" }).waitFor();
    await tour.page.getByText("3 members").waitFor();
    await tour.say("bob is here", "Bot: bob is here");
    assert.equal(await byRole("button", { name: "Join My group" }).count(), 0);
    await be("ann");
    await said("bob is here").waitFor();
    // What another person writes in a chat that is not open is counted until it is opened.
    const group = tour.page.locator("button.chat").filter({ hasText: "My group" });
    assert.equal(await group.locator(".unread").count(), 0);
    await be("bob");
    await tour.say("for ann", "Bot: for ann");
    await tour.page.locator("button.chat").first().click();
    await be("ann");
    await group.getByLabel("2 unread").waitFor();
    await group.click();
    await group.locator(".unread").waitFor({ state: "detached" });
    // Without the number, too, the last message stands below the name.
    const [title, last] = await Promise.all([".title", ".last"].map((part) => group.locator(part).boundingBox()));
    assert.deepEqual([last!.x, last!.y >= title!.y + title!.height], [title!.x, true]);
  });

  test("a message is forwarded to another chat", async () => {
    const message = await tour.say("pass it on", "Bot: pass it on");
    await message.hover();
    await message.getByRole("button", { name: "Forward" }).click();
    const choice = byRole("dialog", { name: "Forward to" });
    await choice.waitFor();
    await tour.page.keyboard.press("Escape");
    await choice.waitFor({ state: "detached" });
    await byRole("heading", { name: "My group" }).waitFor();
    await message.hover();
    await message.getByRole("button", { name: "Forward" }).click();
    await choice.getByRole("button", { name: "My supergroup" }).press("Enter");
    await byRole("heading", { name: "My supergroup" }).waitFor();
    await said("forwarded from Bot").waitFor();
  });

  test("one leaves a group, and joins it again", async () => {
    await byRole("button", { name: "Leave" }).click();
    await byRole("button", { name: "Join My supergroup" }).click();
    await byRole("heading", { name: "My supergroup" }).waitFor();
    await said("ann left").waitFor();
    await said("ann joined").waitFor();
  });

  test("a forum has topics", async () => {
    await byRole("textbox", { name: "Title of a new chat" }).fill("My forum");
    await byRole("combobox", { name: "Type of the new chat" }).selectOption("forum");
    await byRole("button", { name: "Create" }).click();
    await byRole("heading", { name: "My forum" }).waitFor();
    await byRole("button", { name: "# General" }).click();
    await tour.say("in general", "Bot: in general");
    await byRole("textbox", { name: "Name of a new topic" }).fill("tea");
    await tour.page.keyboard.press("Enter");
    await tour.page.getByText("# tea").last().waitFor();
    await tour.say("about tea", "about tea");
    assert.equal(await said("in general").count(), 0);
    await tour.say("/start", "/start");
    await byRole("button", { name: "three" }).click();
    await said("three").waitFor();
    await tour.say("see /place", "see /place");
    await byRole("button", { name: "/place", exact: true }).first().click();
    await tour.page
      .locator(".message")
      .filter({ hasText: /\/place/ })
      .nth(1)
      .waitFor();
  });

  test("Ctrl+K finds a chat, Escape leaves it", async () => {
    await tour.page.keyboard.press("Control+k");
    await tour.page.keyboard.type("My group");
    await tour.page.keyboard.press("Enter");
    await byRole("heading", { name: "My group" }).waitFor();
    await tour.page.keyboard.press("Escape");
    await tour.page.getByText("Choose a chat.").waitFor();
    await tour.page.locator("button.chat").first().click();
  });
});

test("a chat of 5,000 messages: the latest are shown, and earlier ones on request", async () => {
  const who = { id: 7_000_000_900, is_bot: false, first_name: "Reader" };
  const [count, portion] = [2500, 500];
  const push = async (from: number) => {
    const updates = Array.from({ length: portion }, (_, i) => ({
      message: {
        ...{ message_id: 100_000 + 2 * (from + i), date: 1_800_000_000, from: who },
        ...{ chat: { id: who.id, type: "private", first_name: "Reader" }, text: `line ${from + i}` },
      },
    }));
    const headers = { "content-type": "application/json" };
    const url = new URL("/simulator/push", tour.url);
    assert.ok((await fetch(url, { method: "POST", headers, body: JSON.stringify({ updates }) })).ok);
  };
  for (let from = 0; from < count; from += portion) await push(from);
  await tour.page.reload();
  await tour.page.locator(".people summary").click();
  await byRole("button", { name: "Reader" }).click();
  await tour.page.locator(".people summary").filter({ hasText: "Reader" }).waitFor();
  await tour.page.locator(".people summary").click();
  await byRole("textbox", { name: "Message" }).fill("the last line");
  await tour.page.keyboard.press("Enter");
  await said("Bot: the last line").waitFor();
  assert.equal(await tour.page.locator(".message").count(), 200);
  await byRole("button", { name: "Earlier messages" }).click();
  await eventually(
    async () => (await tour.page.locator(".message").count()) === 400,
    () => tour.page.locator(".message").count(),
  );
});

test("one goes back to the first person", async () => {
  await tour.page.locator(".people summary").click();
  await byRole("button", { name: "ann", exact: true }).click();
  await tour.page.locator(".people summary").filter({ hasText: "ann" }).waitFor();
  await tour.page.locator(".people summary").click();
});

describe("the inspector", () => {
  test("an update's way through the server", async () => {
    await byRole("button", { name: "Inspector" }).first().click();
    await tour.say("look at this", "Bot: look at this");
    await byRole("searchbox", { name: "Find in updates" }).fill("look at this");
    const update = tour.page.locator(".panel .log li");
    await update.locator("summary").click();
    for (const step of ["pushed", "received", "posted", "settled", "confirmed"]) {
      await update
        .locator("td")
        .filter({ hasText: new RegExp(`^${step}$`) })
        .waitFor();
    }
    await update.getByText("worker 0, attempt 1, waited").first().waitFor();
    await picture("inspector");
  });

  test("an update that fails", async () => {
    await byRole("textbox", { name: "Message" }).fill("/fail");
    await tour.page.keyboard.press("Enter");
    await byRole("searchbox", { name: "Find in updates" }).fill("/fail");
    await tour.page.locator(".panel .state.is-failed").waitFor();
  });

  test("from a message to the call that made it", async () => {
    const answer = await tour.say("who called?", "Bot: who called?");
    await answer.getByRole("button", { name: "sendMessage" }).click();
    const call = tour.page.locator(".panel details[open]");
    await call.getByText('"text": "Bot: who called?"').first().waitFor();
    await call.getByText("200").first().waitFor();
  });
});

describe("the weather", () => {
  test("a fault hits calls until it is stopped", async () => {
    await byRole("button", { name: "Weather" }).click();
    await tour.page.locator("select[name=fault]").selectOption("400 Bad Request");
    await tour.page.locator("input[name=times]").fill("1");
    await byRole("button", { name: "Begin" }).first().click();
    await tour.page.locator(".active-fault").waitFor();
    await byRole("textbox", { name: "Message" }).fill("this fails");
    await tour.page.keyboard.press("Enter");
    await byRole("tab", { name: "Calls" }).click();
    await tour.page.locator(".panel .error").filter({ hasText: "Bad Request: chat not found" }).waitFor();
    await byRole("tab", { name: "Weather" }).click();
    await byRole("button", { name: "Stop" }).first().click();
    await tour.say("and this does not", "Bot: and this does not");
  });

  test("a flood, and how long people wait", async () => {
    await tour.page.locator("input[name=people]").fill("20");
    await tour.page.locator("input[name=rate]").fill("40");
    await tour.page.locator("input[name=seconds]").fill("3");
    await byRole("button", { name: "Begin" }).last().click();
    await tour.page.getByText(/Second [3-9]:/).waitFor();
    await eventually(
      async () => /, 0 wait;/.test(await tour.page.locator(".flood-status").innerText()),
      () => tour.page.locator(".flood-status").innerText(),
    );
    assert.equal(await tour.page.locator(".plot polyline").count(), 4);
    await picture("flood");
  });
});

test("on a phone one sees one thing at a time, in the dark as well", async () => {
  await tour.page.setViewportSize({ width: 390, height: 800 });
  const background = () => tour.page.evaluate("getComputedStyle(document.body).backgroundColor");
  const light = await background();
  await tour.page.emulateMedia({ colorScheme: "dark" });
  assert.notEqual(await background(), light);
  await byRole("button", { name: "Close the panel" }).click();
  await byRole("button", { name: "Back to the chats" }).click();
  assert.ok(!(await byRole("textbox", { name: "Message" }).isVisible()));
  await tour.page.locator("button.chat").first().click();
  await byRole("textbox", { name: "Message" }).waitFor();
  const { width } = (await tour.page.locator(".conversation").boundingBox())!;
  assert.equal(width, 390);
  await picture("phone");
});

test("of a simulator with several bots one chooses whose Telegram one sees", async () => {
  await using simulator = await Simulator.start({ anyToken: true });
  const { page } = tour;
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.goto(simulator.url);
  await byRole("textbox", { name: "Message" }).waitFor();
  // The page is there before the bot.
  await fetch(`${simulator.url}/bot2:other/getMe`);
  await byRole("combobox", { name: "Bot" }).selectOption("2:other");
  await page.waitForURL(/bot=2%3Aother/);
  await byRole("textbox", { name: "Message" }).fill("hello, other");
  await page.keyboard.press("Enter");
  await said("hello, other").waitFor();
  const updates = await fetch(`${simulator.url}/bot2:other/getUpdates`);
  assert.match(await updates.text(), /hello, other/);
  const seen = tour.complaints.length;
  await page.goto(`${simulator.url}/?bot=other`);
  await page.getByText("?bot=other is no token").waitFor();
  // The browser tells of the requests that were refused.
  tour.complaints.length = seen;
  await page.goto("about:blank");
});

test("the browser has found nothing to complain about", () => {
  // The call that was to fail is the bot's, not the page's.
  assert.deepEqual(tour.complaints, []);
});
