import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AnswerWindow } from "../../src/sends/answer-window.ts";

const BEFORE = 10_000;
const SINCE = BEFORE + 1000;
const NOW = SINCE + 500;

/** A window after another one, in which these chats have succeeded shortly before its end. */
function windowAfter(...lanes: string[]): AnswerWindow {
  const previous = new AnswerWindow({ since: BEFORE, succeededBefore: 0 });
  for (const lane of lanes) previous.passed(lane, SINCE - 100);
  return new AnswerWindow({ since: SINCE, succeededBefore: lanes.length, previous });
}

const chats = (count: number, name = "chat") => Array.from({ length: count }, (_, i) => `${name} ${i}`);

function answer(window: AnswerWindow, { passed = [] as string[], refused = [] as string[] }): AnswerWindow {
  for (const lane of passed) window.passed(lane, NOW);
  for (const lane of refused) window.refused(lane, NOW);
  return window;
}

describe("the limit of the bot", () => {
  test("five rested chats that are refused show it, if they are a fifth of the rested ones", () => {
    const of = (refused: number, passed: number) =>
      answer(windowAfter(), { refused: chats(refused), passed: chats(passed, "other") }).showsLimitOfBot(false);
    assert.equal(of(5, 20), true);
    assert.equal(of(4, 0), false);
    assert.equal(of(5, 21), false);
  });

  test("while calls are paced, two that are a fiftieth show that the rate is too high", () => {
    const of = (refused: number, passed: number) =>
      answer(windowAfter(), { refused: chats(refused), passed: chats(passed, "other") }).showsLimitOfBot(true);
    assert.equal(of(2, 98), true);
    assert.equal(of(1, 20), false);
    assert.equal(of(2, 99), false);
  });

  test("chats that are refused soon after a success are at limits of their own", () => {
    const busy = chats(40);
    const window = answer(windowAfter(...busy), { refused: busy, passed: chats(10, "other") });
    for (const isPaced of [false, true]) assert.equal(window.showsLimitOfBot(isPaced), false);
  });

  test("a success a second ago counts no more", () => {
    const busy = chats(40);
    const window = windowAfter(...busy);
    for (const lane of busy) window.refused(lane, SINCE + 900);
    assert.equal(window.showsLimitOfBot(false), true);
  });

  test("if hardly any chat has rested, all answers count", () => {
    const busy = chats(40);
    const of = (refused: number, isPaced: boolean) =>
      answer(windowAfter(...busy), { passed: busy.slice(refused), refused: busy.slice(0, refused) }).showsLimitOfBot(
        isPaced,
      );
    assert.equal(of(8, false), true);
    assert.equal(of(7, false), false);
    assert.equal(of(2, true), true);
    assert.equal(of(1, true), false);
  });

  test("in a first window all chats seem to have rested: then it takes ten, and more than half of the answers", () => {
    const of = (refused: number, passed: number) => {
      const window = new AnswerWindow({ since: SINCE, succeededBefore: 0 });
      return answer(window, { refused: chats(refused), passed: chats(passed, "other") }).showsLimitOfBot(false);
    };
    assert.equal(of(10, 9), true);
    assert.equal(of(10, 10), false);
    assert.equal(of(9, 0), false);
  });

  test("a chat that is refused again and again counts once", () => {
    const window = answer(new AnswerWindow({ since: SINCE, succeededBefore: 0 }), { refused: chats(50).fill("one") });
    assert.equal(window.showsLimitOfBot(false), false);
  });
});

describe("a window", () => {
  test("a window is over after a second", () => {
    assert.equal(windowAfter().isOver(SINCE + 999, Number.POSITIVE_INFINITY), false);
    assert.equal(windowAfter().isOver(SINCE + 1000, Number.POSITIVE_INFINITY), true);
  });

  test("while calls are paced, a window is over as soon as enough rested chats are refused", () => {
    const window = answer(windowAfter(), { refused: chats(3) });
    assert.equal(window.isOver(NOW, 30), true);
    assert.equal(window.isOver(NOW, 1000), false);
    assert.equal(window.isOver(NOW, Number.POSITIVE_INFINITY), false);
  });

  test("answers before its beginning do not count, but a success before it is remembered", () => {
    const window = windowAfter();
    for (const lane of chats(9)) window.refused(lane, SINCE - 1);
    assert.equal(window.hasRefusals, false);
    window.passed("one", SINCE - 1);
    assert.equal(window.isRested("one", SINCE), false);
    assert.equal(window.isRested("two", SINCE), true);
    window.refused("one", SINCE);
    assert.equal(window.hasRefusals, true);
  });
});
