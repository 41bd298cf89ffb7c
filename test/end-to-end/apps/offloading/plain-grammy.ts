/** A bot on grammY, without a server of asgigram: it answers one message and ends. */

import { Bot } from "grammy";
import { offload } from "../../../../src/index.ts";

const { add } = offload<typeof import("../../../fixtures/heavy/work.ts")>("../../../fixtures/heavy/work.ts");
const { TOKEN = "", API_URL = "" } = process.env;
const bot = new Bot(TOKEN, { client: { apiRoot: API_URL } });

bot.on("message:text", async (context) => {
  await context.reply(String(await add(Number(context.message.text), 1)));
  void bot.stop();
});

await bot.start();
