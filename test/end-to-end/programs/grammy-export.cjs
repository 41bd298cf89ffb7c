/** A grammY bot in CommonJS that another file would start. It knows nothing of asgigram. */

const { Bot } = require("grammy");

const bot = new Bot(process.env.BOT_TOKEN);
bot.on("message:text", (ctx) => ctx.reply(`@${ctx.me.username}: ${ctx.message.text}`));

module.exports = { bot };
