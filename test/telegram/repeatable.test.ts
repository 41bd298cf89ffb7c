import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NetworkError, TelegramError } from "../../src/protocol/errors.ts";
import { DOWNLOAD } from "../../src/protocol/method-names.ts";
import { METHODS } from "../../src/protocol/method-table.ts";
import { judgeCall } from "../../src/telegram/retry.ts";

/**
 * Methods that make no difference the second time: they read, or set something to a value, or their second call is refused. A new
 * method of the Bot API that begins like them fails the test below until it is listed.
 */
const REPEATABLE = `
  getUpdates getWebhookInfo getMe getUserProfilePhotos getUserProfileAudios getFile getChat getChatAdministrators
  getChatMemberCount getChatMember getUserPersonalChatMessages getForumTopicIconStickers getUserChatBoosts
  getBusinessConnection getManagedBotToken getManagedBotAccessSettings getMyCommands getMyName getMyDescription
  getMyShortDescription getChatMenuButton getMyDefaultAdministratorRights getAvailableGifts
  getBusinessAccountStarBalance getBusinessAccountGifts getUserGifts getChatGifts getStickerSet
  getCustomEmojiStickers getMyStarBalance getStarTransactions getGameHighScores

  setWebhook setMessageReaction setUserEmojiStatus setChatAdministratorCustomTitle setChatMemberTag
  setChatPermissions setChatPhoto setChatTitle setChatDescription setChatStickerSet setManagedBotAccessSettings
  setMyCommands setMyName setMyDescription setMyShortDescription setMyProfilePhoto setChatMenuButton
  setMyDefaultAdministratorRights setBusinessAccountName setBusinessAccountUsername setBusinessAccountBio
  setBusinessAccountProfilePhoto setBusinessAccountGiftSettings setStickerPositionInSet setStickerEmojiList
  setStickerKeywords setStickerMaskPosition setStickerSetTitle setStickerSetThumbnail
  setCustomEmojiStickerSetThumbnail setPassportDataErrors setGameScore

  editChatInviteLink editChatSubscriptionInviteLink editForumTopic editGeneralForumTopic editStory editMessageText
  editMessageCaption editMessageMedia editMessageLiveLocation editMessageChecklist editMessageReplyMarkup
  editEphemeralMessageText editEphemeralMessageMedia editEphemeralMessageCaption editEphemeralMessageReplyMarkup
  editUserStarSubscription

  deleteWebhook deleteChatPhoto deleteChatStickerSet deleteForumTopic deleteMyCommands deleteBusinessMessages
  deleteStory deleteMessage deleteMessages deleteEphemeralMessage deleteMessageReaction deleteAllMessageReactions
  deleteStickerFromSet deleteStickerSet

  answerChatJoinRequestQuery answerCallbackQuery answerGuestQuery answerWebAppQuery answerInlineQuery
  answerShippingQuery answerPreCheckoutQuery

  downloadFile
`
  .trim()
  .split(/\s+/);

const all = [...Object.keys(METHODS), DOWNLOAD];

/** True if a call that Telegram may have carried out is made again. */
function isRepeated(method: string, error: Error): boolean {
  return judgeCall(error, { method, lane: undefined, body: "{}" }, 1).action === "again";
}

describe("methods that are repeated", () => {
  const failures: [what: string, failure: (method: string) => Error][] = [
    ["a call without an answer", (method) => new NetworkError(method, "unknown", "ECONNRESET")],
    ["a call that was answered 500", (method) => new TelegramError(method, 500, "Internal Server Error", {})],
    ["a call that was answered 502", (method) => new TelegramError(method, 502, "Bad Gateway", {})],
  ];
  for (const [what, failure] of failures) {
    test(`${what} is repeated for these methods alone`, () => {
      const repeated = all.filter((method) => isRepeated(method, failure(method)));
      assert.deepEqual(repeated.sort(), REPEATABLE.toSorted());
    });
  }

  test("a call that never left this machine is repeated for every method", () => {
    const repeated = all.filter((method) => isRepeated(method, new NetworkError(method, "none", "ECONNREFUSED")));
    assert.deepEqual(repeated, all);
  });

  test("a call that was answered 429 is repeated for every method", () => {
    const tooMany = (method: string) => new TelegramError(method, 429, "Too Many Requests", { retry_after: 1 });
    const repeated = all.filter((method) => isRepeated(method, tooMany(method)));
    assert.deepEqual(repeated, all);
  });
});
