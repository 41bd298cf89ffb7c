/** The documents agree with the repository: every relative link, every anchor and every named file exists. */

import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { test } from "node:test";

const ROOT = join(import.meta.dirname, "../..");
const DOCUMENTS = globSync(["*.md", ".github/*.md", "docs/**/*.md"], { cwd: ROOT }).map((path) =>
  path.replaceAll("\\", "/"),
);

/** A file or a folder of the repository, by its path. */
const NAMED = /`((?:src|workers|simulator|test|bench|scripts|examples)\/[\w./-]+)`/g;

test("the documents are all read", () => {
  for (const path of ["README.md", "CONTRIBUTING.md", "docs/guarantee.md"]) assert.ok(DOCUMENTS.includes(path), path);
});

for (const path of DOCUMENTS) {
  test(`every link of ${path} leads to a file and a heading that exist`, () => {
    for (const link of linksOf(read(path))) {
      const [target, anchor] = link.split("#") as [string, string?];
      const file = target === "" ? path : posix.join(dirname(path), target);
      assert.ok(existsSync(join(ROOT, file)), `${link}: no file ${file}`);
      if (anchor !== undefined) assert.ok(anchorsOf(read(file)).has(anchor), `${link}: no such heading in ${file}`);
    }
  });

  test(`every file that ${path} names exists`, () => {
    for (const [, named] of read(path).matchAll(NAMED)) assert.ok(existsSync(join(ROOT, named!)), named!);
  });
}

test("links are read from prose alone, and headings get the names that GitHub gives them", () => {
  assert.deepEqual(linksOf("[a](b.md#c) ![d](e.svg) [f](https://g.example)\n```\n[h](i)\n```\n`[j](k)`"), [
    "b.md#c",
    "e.svg",
  ]);
  assert.deepEqual(
    [...anchorsOf("# Files down: `telegram.x`\n\n## A, B\n## A, B\n```sh\n# c\n```")],
    ["files-down-telegramx", "a-b", "a-b-1"],
  );
});

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** Without code, in which neither links nor headings count. */
function prose(markdown: string): string {
  return markdown.replaceAll(/^```[\s\S]*?^```$/gm, "").replaceAll(/^ {4}.*$/gm, "");
}

/** Relative targets of links and pictures. */
function linksOf(markdown: string): string[] {
  const found = prose(markdown)
    .replaceAll(/`[^`\n]*`/g, "")
    .matchAll(/\]\(([^()\s]+)\)/g);
  return [...found].map(([, target]) => target!).filter((target) => !/^\w+:/.test(target));
}

/** Names of the headings, as GitHub makes them: lower case, hyphens for spaces, no punctuation, a number for a repetition. */
function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of prose(markdown).matchAll(/^#{1,6} (.+)$/gm)) {
    const name = heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-");
    let unique = name;
    for (let i = 1; anchors.has(unique); i++) unique = `${name}-${i}`;
    anchors.add(unique);
  }
  return anchors;
}
