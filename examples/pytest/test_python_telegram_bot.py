"""A test of a bot that uses python-telegram-bot."""

import pytest
from telegram.ext import ApplicationBuilder, CommandHandler


async def start(update, _):
    """In your project this is imported."""
    await update.message.reply_text(f"Hello, {update.effective_user.first_name}!")


async def test_the_bot_greets(telegram):
    builder = ApplicationBuilder().token(telegram.token).base_url(f"{telegram.url}/bot")
    application = builder.base_file_url(f"{telegram.url}/file/bot").build()
    application.add_handler(CommandHandler("start", start))
    async with application:
        await application.start()
        await application.updater.start_polling()
        ann = await telegram.user("Ann")
        await ann.send("/start")
        assert (await ann.next())["text"] == "Hello, Ann!"
        await application.updater.stop()
        await application.stop()


async def test_a_bot_that_says_nothing_fails_the_test_with_the_reason(telegram):
    ann = await telegram.user("Ann")
    with pytest.raises(AssertionError, match=f"no message from the bot in chat {ann.id} within 1 ms"):
        await ann.next(timeout=0.001)
