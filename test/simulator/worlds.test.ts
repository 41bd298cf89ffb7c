import assert from "node:assert/strict";
import { test } from "node:test";
import { Worlds } from "../../simulator/worlds.ts";

test("a token that is seen again has the same world", () => {
  const worlds = new Worlds({ token: "1:own", anyToken: true });
  assert.equal(worlds.of("2:a"), worlds.of("2:a"));
  assert.notEqual(worlds.of("2:a"), worlds.of("2:b"));
  assert.equal(worlds.of("1:own"), worlds.own);
});

test("a thousand worlds are kept: the one that was not used for longest ends, never the own one", () => {
  const worlds = new Worlds({ token: "1:own", anyToken: true });
  const first = worlds.of("2:0")!;
  const second = worlds.of("2:1")!;
  for (let i = 2; i < 999; i++) worlds.of(`2:${i}`);
  assert.equal(worlds.of("2:0"), first);
  worlds.of("2:999");
  assert.equal(worlds.all.length, 1000);
  assert.equal(second.closed.aborted, true);
  assert.equal(first.closed.aborted, false);
  assert.equal(worlds.own.closed.aborted, false);
});

test("a forgotten world is followed by a fresh one, also the own one", () => {
  const worlds = new Worlds({ token: "1:own" });
  const { own } = worlds;
  assert.equal(worlds.forget("1:own"), true);
  assert.equal(own.closed.aborted, true);
  assert.notEqual(worlds.own, own);
  assert.equal(worlds.forget("2:a"), false);
  assert.equal(worlds.of("2:a"), undefined);
});
