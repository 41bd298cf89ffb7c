"""The bot of test/clients/main.ts, with aiogram 3."""

import asyncio
import os

from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import Command, CommandStart
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import (
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQuery,
    InlineQueryResultArticle,
    InputMediaPhoto,
    InputTextMessageContent,
    KeyboardButton,
    LabeledPrice,
    Message,
    PollAnswer,
    PreCheckoutQuery,
    ReplyKeyboardMarkup,
)

PICTURE = b"\x89PNG\r\n\x1a\n____IHDR\x00\x00\x00\x40\x00\x00\x00\x20"
dispatcher = Dispatcher()


class Form(StatesGroup):
    name = State()
    age = State()


@dispatcher.message(CommandStart())
async def start(message: Message):
    buttons = [[InlineKeyboardButton(text=text, callback_data=text.lower()) for text in ("Yes", "No")]]
    await message.answer(f"Hello, {message.from_user.first_name}!", reply_markup=InlineKeyboardMarkup(inline_keyboard=buttons))


@dispatcher.callback_query()
async def pressed(query: CallbackQuery):
    await query.answer(f"You pressed {query.data}")
    await query.message.edit_text(f"Pressed: {query.data}")


@dispatcher.message(Command("form"))
async def form(message: Message, state: FSMContext):
    await state.set_state(Form.name)
    await message.answer("Your name?")


@dispatcher.message(Form.name)
async def name(message: Message, state: FSMContext):
    await state.update_data(name=message.text)
    await state.set_state(Form.age)
    await message.answer("Your age?")


@dispatcher.message(Form.age)
async def age(message: Message, state: FSMContext):
    await message.answer(f"{(await state.get_data())['name']} is {message.text}")
    await state.clear()


@dispatcher.message(Command("keys"))
async def keys(message: Message):
    keyboard = ReplyKeyboardMarkup(keyboard=[[KeyboardButton(text="Red"), KeyboardButton(text="Blue")]])
    await message.answer("Which colour?", reply_markup=keyboard)


@dispatcher.message(F.photo)
async def photo(message: Message, bot: Bot):
    file = await bot.download(message.photo[-1])
    await message.answer_photo(BufferedInputFile(file.read(), "back.png"), caption="Back to you")


@dispatcher.message(Command("album"))
async def album(message: Message):
    await message.answer_media_group([InputMediaPhoto(media=BufferedInputFile(PICTURE, f"{i}.png")) for i in (1, 2)])


@dispatcher.inline_query()
async def inline(query: InlineQuery):
    content = InputTextMessageContent(message_text=f"You asked for {query.query}")
    await query.answer([InlineQueryResultArticle(id="1", title="An answer", input_message_content=content)])


@dispatcher.message(Command("poll"))
async def poll(message: Message):
    await message.answer_poll("Tea or coffee?", ["Tea", "Coffee"], is_anonymous=False)


@dispatcher.poll_answer()
async def voted(answer: PollAnswer, bot: Bot):
    await bot.send_message(answer.user.id, f"You chose {answer.option_ids[0]}")


@dispatcher.message(Command("pay"))
async def pay(message: Message):
    prices = [LabeledPrice(label="Tea", amount=5)]
    await message.answer_invoice(title="Tea", description="A cup", payload="tea", currency="XTR", prices=prices)


@dispatcher.pre_checkout_query()
async def checkout(query: PreCheckoutQuery):
    await query.answer(ok=True)


@dispatcher.message(F.successful_payment)
async def paid(message: Message):
    await message.answer(f"Paid {message.successful_payment.total_amount} {message.successful_payment.currency}")


@dispatcher.message(F.text)
async def colour(message: Message):
    await message.answer(f"{message.text} it is")


async def main():
    server = TelegramAPIServer.from_base(os.environ["API_URL"])
    await dispatcher.start_polling(Bot(os.environ["TOKEN"], session=AiohttpSession(api=server)))


asyncio.run(main())
