/** A part of `npm run tour`: the server is killed and reloaded from the page, calls are tried again, and no message goes without an answer. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventually } from "../eventually.ts";
import { Tour } from "./tour.ts";

let tour: Tour;

before(async () => {
  tour = await Tour.start("examples/echo.ts", "--workers", "2");
  await tour.page.getByRole("button", { name: "Inspector" }).first().click();
  await show("Weather");
});

after(() => tour[Symbol.asyncDispose]());

const show = (tab: string) => tour.page.getByRole("tab", { name: tab }).click();
const press = (name: string) => tour.page.getByRole("button", { name }).click();
const serves = (start: number) =>
  tour.page
    .locator(".server-state")
    .filter({ hasText: new RegExp(`serving process \\d+, start ${start}$`) })
    .waitFor();

/** Writes without a wait for the answer. */
async function write(text: string): Promise<void> {
  await tour.page.getByRole("textbox", { name: "Message" }).fill(text);
  await tour.page.keyboard.press("Enter");
  await tour.page.locator(".message.is-mine").filter({ hasText: text }).first().waitFor();
}

/** The bot repeats what one says. */
const answer = (text: string) =>
  tour.page.locator(".message:not(.is-mine)").filter({ hasText: text }).first().waitFor();

test("the server's state is shown", async () => {
  await serves(1);
});

test("the worker that got the latest update is killed and replaced, and answers", async () => {
  await write("before the kill");
  await answer("before the kill");
  await show("Updates");
  const posted = await tour.page.locator("tr").filter({ hasText: "posted" }).first().textContent();
  await show("Weather");
  await press("Kill a worker");
  const [worker] = /worker \d/.exec(posted!)!;
  await tour.page.getByText(`${worker} was killed.`).waitFor();
  await write("after the worker");
  await answer("after the worker");
});

test("a killed server is started again, and nothing is lost", async () => {
  const texts = Array.from({ length: 10 }, (_, n) => `around the kill ${n}.`);
  for (const text of texts.slice(0, 5)) await write(text);
  await press("Kill the server");
  for (const text of texts.slice(5)) await write(text);
  await serves(2);
  for (const text of texts) await answer(text);
});

test("a reload loads the bot's code anew", async () => {
  await press("Reload the bot");
  await tour.page.getByText("The bot's code was loaded anew.").waitFor();
  await write("after the reload");
  await answer("after the reload");
});

test("a call that is refused is made again, and leads to its update and back", async () => {
  await tour.page.locator("select[name=fault]").selectOption("429 Too Many Requests");
  await tour.page.locator("input[name=times]").fill("2");
  await tour.page.locator("form.fault button[type=submit]").first().click();
  await tour.page.getByText("hit 0 of 2").waitFor();
  await write("tried again");
  await tour.page.getByText("hit 1 of 2").waitFor();
  await answer("tried again");
  await tour.page.locator(".active-fault").waitFor({ state: "detached" });
  await show("Calls");
  await tour.page.getByRole("searchbox", { name: "Find in calls" }).fill("tried again");
  await tour.page.getByRole("combobox", { name: "Outcome" }).selectOption("Failed");
  await eventually(
    async () => (await tour.page.locator(".panel .log li").count()) === 2,
    () => tour.page.locator(".panel .log li").allInnerTexts(),
  );
  await tour.page.getByRole("combobox", { name: "Outcome" }).selectOption("All");
  const last = tour.page.locator(".panel .log li").first();
  await last.getByText("attempt 3").first().waitFor();
  await last.locator("summary").click();
  await last.getByRole("button", { name: /^update \d+$/ }).click();
  const update = tour.page.locator(".panel details[open]");
  await update.getByText("settled", { exact: true }).first().waitFor();
  assert.equal(await update.getByRole("button", { name: "sendMessage" }).count(), 3);
  await update.getByRole("button", { name: "sendMessage 200" }).click();
  await tour.page.locator(".panel details[open]").getByText('"text"').first().waitFor();
});

test("a flood goes on while a worker is killed, and all are answered", async () => {
  await show("Weather");
  await tour.page.locator("input[name=people]").fill("10");
  await tour.page.locator("input[name=rate]").fill("30");
  await tour.page.locator("input[name=seconds]").fill("4");
  await tour.page.locator("form.fault button[type=submit]").last().click();
  await tour.page.getByText(/Second 1:/).waitFor();
  await press("Kill a worker");
  const status = tour.page.locator(".flood-status");
  await eventually(
    async () => /Second ([4-9]|\d\d):.*, 0 wait;.*p50 .*p99/.test(await status.innerText()),
    async () => await status.innerText(),
  );
});

test("the browser has found nothing to complain about", () => {
  assert.deepEqual(tour.complaints, []);
});
