"""A test of a bot that uses aiogram."""

import asyncio

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import CommandStart
from aiogram.types import Message


def make_dispatcher():
    """In your project this is imported."""
    dispatcher = Dispatcher()

    @dispatcher.message(CommandStart())
    async def start(message: Message):
        await message.answer(f"Hello, {message.from_user.first_name}!")

    return dispatcher


async def test_the_bot_greets(telegram):
    dispatcher = make_dispatcher()
    bot = Bot(telegram.token, session=AiohttpSession(api=TelegramAPIServer.from_base(telegram.url)))
    polling = asyncio.create_task(dispatcher.start_polling(bot, handle_signals=False))
    ann = await telegram.user("Ann")
    await ann.send("/start")
    assert (await ann.next())["text"] == "Hello, Ann!"
    await dispatcher.stop_polling()
    await polling
