import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { SourceWatch } from "../../src/threads/source-watch.ts";
import { eventually } from "../eventually.ts";
import { Folder } from "../folder.ts";

async function watching(t: TestContext, ...names: string[]) {
  const folder = new Folder();
  const path = (name: string) => folder.join(name);
  const write = (name: string, text = String(Math.random())) => {
    mkdirSync(dirname(path(name)), { recursive: true });
    folder.write(name, text);
  };
  const changes = new EventEmitter<{ change: [string[]] }>();
  const all: string[][] = [];
  changes.on("change", (files) => all.push(files));
  const watch = new SourceWatch({
    onChange: (files) => changes.emit("change", files.map((file) => file.slice(folder.path.length + 1)).toSorted()),
    onError: (error) => assert.fail(error),
  });
  t.after(async () => {
    await watch.close();
    folder[Symbol.dispose]();
  });
  for (const name of names) write(name);
  // The files are older than the watch, by more than the clock of the file system is coarse.
  await delay(50);
  for (const name of names) await watch.add(path(name));
  await delay(200);
  return { path, write, watch, all, changed: async () => (await once(changes, "change"))[0] };
}

test("a file that is written is reported, each time", async (t) => {
  const { write, changed, all } = await watching(t, "a.ts", "b.ts");
  for (let i = 0; i < 3; i++) {
    write("a.ts");
    assert.deepEqual(await changed(), ["a.ts"]);
  }
  assert.equal(all.length, 3);
});

test("a file that replaces the old one by a rename, as editors do, is reported, each time", async (t) => {
  const { path, write, changed } = await watching(t, "a.ts");
  for (let i = 0; i < 4; i++) {
    write("a.ts.new");
    renameSync(path("a.ts.new"), path("a.ts"));
    assert.deepEqual(await changed(), ["a.ts"]);
  }
});

test("a file that is removed and comes back is reported both times", async (t) => {
  const { path, write, changed } = await watching(t, "a.ts");
  rmSync(path("a.ts"));
  assert.deepEqual(await changed(), ["a.ts"]);
  write("a.ts");
  assert.deepEqual(await changed(), ["a.ts"]);
  write("a.ts");
  assert.deepEqual(await changed(), ["a.ts"]);
});

test("a file that is removed and comes back is reported, also where other folders are watched", async (t) => {
  const { path, write, watch, changed } = await watching(t, "a.ts");
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

test("a missing file is reported when it appears, and its neighbours are not", async (t) => {
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

test("a file that changes while its watching begins is reported", async (t) => {
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

test("files that change at once are reported together", async (t) => {
  const names = Array.from({ length: 30 }, (_, i) => `f${i}.ts`);
  const { write, changed, all } = await watching(t, ...names);
  for (const name of names) write(name);
  assert.deepEqual(await changed(), names.toSorted());
  await delay(300);
  assert.equal(all.length, 1);
});

test("a file that is added later is reported, and one that is added twice is reported once", async (t) => {
  const { path, write, watch, changed } = await watching(t, "a.ts");
  write("deep/b.ts");
  await delay(50);
  for (let i = 0; i < 2; i++) await watch.add(path("deep/b.ts"));
  await delay(200);
  write("deep/b.ts");
  assert.deepEqual(await changed(), ["deep/b.ts"]);
});

test("a closed watch reports nothing", async (t) => {
  const { write, watch, all } = await watching(t, "a.ts");
  write("a.ts");
  await watch.close();
  write("a.ts");
  await delay(300);
  assert.deepEqual(all, []);
});

test("a file that is written at any moment after its import is reported", async (t) => {
  const { path, write, watch, all } = await watching(t);
  const names = Array.from({ length: 100 }, (_, i) => `${i}.ts`);
  for (const name of names) write(name);
  await delay(50);
  await Promise.all(
    names.map(async (name, i) => {
      void watch.add(path(name));
      // Spread over the time that the start of all watches takes.
      await delay(i / 8);
      write(name, "changed");
    }),
  );
  const missed = () => names.filter((name) => !all.flat().includes(name));
  await eventually(() => missed().length === 0, missed);
});

test("a missing file that comes at any moment after it was asked for is reported", async (t) => {
  // Each in a folder of its own: the moment at issue is the one in which a folder begins to be watched.
  const names = Array.from({ length: 100 }, (_, i) => `${i}/missing.ts`);
  const { path, write, watch, all } = await watching(t, ...names.map((_, i) => `${i}/there.ts`));
  await Promise.all(
    names.map(async (name, i) => {
      void watch.add(path(name));
      await delay(i / 8);
      write(name);
    }),
  );
  const missed = () => names.filter((name) => !all.flat().includes(name));
  await eventually(() => missed().length === 0, missed);
});
