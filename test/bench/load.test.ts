import assert from "node:assert/strict";
import { test } from "node:test";
import { Backlog, FIRST_CHAT } from "../../bench/load.ts";

function numbersOf(backlog: Backlog): number[] {
  return Array.from({ length: backlog.size }, (_, number) => number);
}

test("in a backlog, chats take turns and all updates wait from the beginning", () => {
  const backlog = new Backlog([
    { updates: 5, chats: 2 },
    { updates: 4, chats: 4, stride: 2 },
  ]);
  const chats = numbersOf(backlog).map((number) => backlog.chatOf(number) - FIRST_CHAT);
  assert.deepEqual(chats, [0, 1, 0, 1, 0, 0, 2, 0, 2]);
  assert.deepEqual(backlog.ends, [5, 9]);
  assert.ok(numbersOf(backlog).every((number) => backlog.timeOf(number) === 0 && !backlog.isHeavy(number)));
});

test("in a backlog, one of heavyEvery updates is heavy, in each round of another chat", () => {
  const backlog = new Backlog([{ updates: 10, chats: 5, heavyEvery: 5 }]);
  const heavy = numbersOf(backlog).filter((number) => backlog.isHeavy(number));
  assert.deepEqual(heavy, [0, 9]);
});

test("with a rate, times, chats and heaviness are random, and the same in every run", () => {
  const phase = { updates: 20_000, chats: 10, rate: 100, heavyEvery: 5 };
  const backlog = new Backlog([phase]);
  const numbers = numbersOf(backlog);
  const times = numbers.map((number) => backlog.timeOf(number));
  const gaps = times.slice(1).map((time, i) => time - times[i]!);
  const share = (wanted: (number: number) => boolean) => numbers.filter(wanted).length / numbers.length;
  const isAbout = (value: number, wanted: number) =>
    assert.ok(Math.abs(value / wanted - 1) < 0.1, `${value}, ${wanted}`);
  assert.ok(gaps.every((gap) => gap >= 0));
  isAbout(times.at(-1)!, 200_000);
  // In an exponential distribution 1/e of the values are above the mean.
  isAbout(gaps.filter((gap) => gap > 10).length / gaps.length, Math.exp(-1));
  isAbout(
    share((number) => backlog.isHeavy(number)),
    1 / 5,
  );
  isAbout(
    share((number) => backlog.isHeavy(number) && backlog.isHeavy(number + 1)),
    1 / 25,
  );
  isAbout(
    share((number) => backlog.chatOf(number) === FIRST_CHAT + 3),
    1 / 10,
  );
  isAbout(
    share((number) => backlog.chatOf(number) === backlog.chatOf(number + 1)),
    1 / 10,
  );
  const again = new Backlog([phase]);
  assert.ok(numbers.every((number) => again.chatOf(number) === backlog.chatOf(number)));
});

test("heavy updates may come from chats of their own, and another seed makes other times", () => {
  const phase = { updates: 1000, chats: 10, rate: 100, heavyEvery: 2, heavyChats: 5 };
  const [backlog, other] = [new Backlog([phase]), new Backlog([phase], 2)];
  for (const number of numbersOf(backlog)) {
    const chat = backlog.chatOf(number) - FIRST_CHAT;
    assert.equal(chat >= 10, backlog.isHeavy(number), `chat ${chat}`);
  }
  assert.equal(Math.max(...numbersOf(backlog).map((number) => backlog.chatOf(number))), FIRST_CHAT + 14);
  assert.notEqual(backlog.timeOf(5), other.timeOf(5));
});
