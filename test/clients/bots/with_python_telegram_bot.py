"""The bot of test/clients/main.ts, with python-telegram-bot."""

import os

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputMediaPhoto,
    InputTextMessageContent,
    LabeledPrice,
    ReplyKeyboardMarkup,
)
from telegram.ext import (
    ApplicationBuilder,
    CallbackQueryHandler,
    CommandHandler,
    ConversationHandler,
    InlineQueryHandler,
    MessageHandler,
    PollAnswerHandler,
    PreCheckoutQueryHandler,
    filters,
)

PICTURE = b"\x89PNG\r\n\x1a\n____IHDR\x00\x00\x00\x40\x00\x00\x00\x20"
NAME, AGE = range(2)


async def start(update, _):
    buttons = [[InlineKeyboardButton(text, callback_data=text.lower()) for text in ("Yes", "No")]]
    text = f"Hello, {update.effective_user.first_name}!"
    await update.message.reply_text(text, reply_markup=InlineKeyboardMarkup(buttons))


async def pressed(update, _):
    query = update.callback_query
    await query.answer(f"You pressed {query.data}")
    await query.edit_message_text(f"Pressed: {query.data}")


async def form(update, _):
    await update.message.reply_text("Your name?")
    return NAME


async def name(update, context):
    context.user_data["name"] = update.message.text
    await update.message.reply_text("Your age?")
    return AGE


async def age(update, context):
    await update.message.reply_text(f"{context.user_data['name']} is {update.message.text}")
    return ConversationHandler.END


async def keys(update, _):
    await update.message.reply_text("Which colour?", reply_markup=ReplyKeyboardMarkup([["Red", "Blue"]]))


async def photo(update, _):
    file = await update.message.photo[-1].get_file()
    await update.message.reply_photo(bytes(await file.download_as_bytearray()), caption="Back to you")


async def album(update, _):
    await update.message.reply_media_group([InputMediaPhoto(PICTURE, filename=f"{i}.png") for i in (1, 2)])


async def inline(update, _):
    content = InputTextMessageContent(f"You asked for {update.inline_query.query}")
    await update.inline_query.answer([InlineQueryResultArticle("1", "An answer", content)])


async def poll(update, _):
    await update.message.reply_poll("Tea or coffee?", ["Tea", "Coffee"], is_anonymous=False)


async def voted(update, context):
    answer = update.poll_answer
    await context.bot.send_message(answer.user.id, f"You chose {answer.option_ids[0]}")


async def pay(update, _):
    prices = [LabeledPrice("Tea", 5)]
    await update.message.reply_invoice(title="Tea", description="A cup", payload="tea", currency="XTR", prices=prices, provider_token="")


async def checkout(update, _):
    await update.pre_checkout_query.answer(ok=True)


async def paid(update, _):
    payment = update.message.successful_payment
    await update.message.reply_text(f"Paid {payment.total_amount} {payment.currency}")


async def colour(update, _):
    await update.message.reply_text(f"{update.message.text} it is")


api = os.environ["API_URL"]
builder = ApplicationBuilder().token(os.environ["TOKEN"])
application = builder.base_url(f"{api}/bot").base_file_url(f"{api}/file/bot").build()
words = filters.TEXT & ~filters.COMMAND
states = {NAME: [MessageHandler(words, name)], AGE: [MessageHandler(words, age)]}
application.add_handlers(
    [
        ConversationHandler([CommandHandler("form", form)], states, []),
        CommandHandler("start", start),
        CommandHandler("keys", keys),
        CommandHandler("album", album),
        CommandHandler("poll", poll),
        CommandHandler("pay", pay),
        CallbackQueryHandler(pressed),
        InlineQueryHandler(inline),
        PollAnswerHandler(voted),
        PreCheckoutQueryHandler(checkout),
        MessageHandler(filters.SUCCESSFUL_PAYMENT, paid),
        MessageHandler(filters.PHOTO, photo),
        MessageHandler(words, colour),
    ]
)
application.run_polling()
