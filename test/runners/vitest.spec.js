import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { remind } from "./reminder.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a reminder after an hour, under the fake timers of vitest", async () => {
  const tick = (milliseconds) => vi.advanceTimersByTime(milliseconds);
  expect(await remind(tick)).toEqual(["I will.", "It is time."]);
});
