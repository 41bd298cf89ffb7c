import { jest } from "@jest/globals";
import { remind } from "./reminder.js";

beforeEach(() => void jest.useFakeTimers({ doNotFake: ["nextTick", "queueMicrotask"] }));
afterEach(() => void jest.useRealTimers());

test("a reminder after an hour, under the fake timers of Jest", async () => {
  const tick = (milliseconds) => jest.advanceTimersByTime(milliseconds);
  expect(await remind(tick)).toEqual(["I will.", "It is time."]);
});
