import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { SourceWatch } from "../../src/threads/source-watch.ts";

async function watching(t: TestContext, ...names: string[]) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "asgigram-watch-")));
  const path = (name: string) => join(folder, name);
  const write = (name: string, text = String(Math.random())) => writeFileSync(path(name), text);
  const changes = new EventEmitter<{ change: [string[]] }>();
  const all: string[][] = [];
  changes.on("change", (files) => all.push(files));
  const watch = new SourceWatch({
    onChange: (files) => changes.emit("change", files.map((file) => file.slice(folder.length + 1)).toSorted()),
    onError: (error) => assert.fail(error),
  });
  t.after(async () => {
    await watch.close();
    rmSync(folder, { recursive: true });
  });
  for (const name of names) write(name);
  // They have been there for a while, and the operating system has to have heard of them.
  await delay(50);
  for (const name of names) await watch.add(path(name));
  await delay(200);
  return { folder, path, write, watch, all, changed: async () => (await once(changes, "change"))[0] };
}

test("a file that is written is told of, each time", async (t) => {
  const { write, changed, all } = await watching(t, "a.ts", "b.ts");
  for (let i = 0; i < 3; i++) {
    write("a.ts");
    assert.deepEqual(await changed(), ["a.ts"]);
  }
  assert.equal(all.length, 3);
});

test("a file that an editor puts in the place of the old one is told of, each time", async (t) => {
  const { path, write, changed } = await watching(t, "a.ts");
  for (let i = 0; i < 4; i++) {
    write("a.ts.new");
    renameSync(path("a.ts.new"), path("a.ts"));
    assert.deepEqual(await changed(), ["a.ts"]);
  }
});

test("a file that is removed and comes back is told of both times", async (t) => {
  const { path, write, changed } = await watching(t, "a.ts");
  rmSync(path("a.ts"));
  assert.deepEqual(await changed(), ["a.ts"]);
  write("a.ts");
  assert.deepEqual(await changed(), ["a.ts"]);
  write("a.ts");
  assert.deepEqual(await changed(), ["a.ts"]);
});

test("a file that is removed and comes back is told of, also where other folders are watched", async (t) => {
  const { folder, path, write, watch, changed } = await watching(t, "a.ts");
  mkdirSync(join(folder, "deep"));
  write("deep/b.ts");
  await delay(50);
  await watch.add(path("deep/b.ts"));
  await delay(200);
  for (let i = 0; i < 2; i++) {
    rmSync(path("deep/b.ts"));
    assert.deepEqual(await changed(), ["deep/b.ts"]);
    await delay(200);
    write("deep/b.ts");
    assert.deepEqual(await changed(), ["deep/b.ts"]);
  }
});

test("a file that is not there yet is told of when it is, and its neighbours are not", async (t) => {
  const { path, write, watch, changed, all } = await watching(t, "a.ts");
  await watch.add(path("missing.ts"));
  await delay(200);
  write("other.ts");
  await delay(300);
  assert.deepEqual(all, []);
  write("missing.ts");
  assert.deepEqual(await changed(), ["missing.ts"]);
  write("missing.ts");
  assert.deepEqual(await changed(), ["missing.ts"]);
});

test("a file that changes at the very moment when it begins to be watched is told of", async (t) => {
  const { path, write, watch, changed } = await watching(t, "a.ts");
  for (const name of ["b.ts", "c.ts", "d.ts"]) {
    if (name !== "d.ts") write(name);
    await delay(50);
    const added = watch.add(path(name));
    write(name);
    await added;
    assert.deepEqual(await changed(), [name]);
  }
});

test("files that change one upon another are told of together", async (t) => {
  const names = Array.from({ length: 30 }, (_, i) => `f${i}.ts`);
  const { write, changed, all } = await watching(t, ...names);
  for (const name of names) {
    write(name);
    await delay(10);
  }
  assert.deepEqual(await changed(), names.toSorted());
  await delay(300);
  assert.equal(all.length, 1);
});

test("a file that comes to be watched later is told of, and one that is added twice is told of once", async (t) => {
  const { folder, path, write, watch, changed } = await watching(t, "a.ts");
  mkdirSync(join(folder, "deep"));
  write("deep/b.ts");
  await delay(50);
  for (let i = 0; i < 2; i++) await watch.add(path("deep/b.ts"));
  await delay(200);
  write("deep/b.ts");
  assert.deepEqual(await changed(), ["deep/b.ts"]);
});

test("once closed it tells nothing", async (t) => {
  const { write, watch, all } = await watching(t, "a.ts");
  write("a.ts");
  await watch.close();
  write("a.ts");
  await delay(300);
  assert.deepEqual(all, []);
});

test("a file that is written at any moment after it was imported is told of", async (t) => {
  const { path, write, watch, all } = await watching(t);
  const names = Array.from({ length: 100 }, (_, i) => `${i}.ts`);
  for (const name of names) write(name);
  await delay(50);
  await Promise.all(
    names.map(async (name, i) => {
      void watch.add(path(name));
      // Spread over the time that it takes to look at them all and to watch them.
      await delay(i / 8);
      write(name, "changed");
    }),
  );
  const missed = () => names.filter((name) => !all.flat().includes(name));
  for (let i = 0; i < 100 && missed().length > 0; i++) await delay(50);
  assert.deepEqual(missed(), []);
});
