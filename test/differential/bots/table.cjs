/** Makes the calls of a table, one after another, for a bot of any library. */

const { createHash } = require("node:crypto");
const { createReadStream, readFileSync } = require("node:fs");
const { join } = require("node:path");

const PATH = join(__dirname, "poem.txt");

/** Contents of files, by their forms. A library has its own classes for them. */
const CONTENTS = {
  buffer: () => ({ bytes: Buffer.from("GIF89a"), name: "dot.gif" }),
  path: () => ({ path: PATH, name: "poem.txt" }),
  stream: () => ({ stream: createReadStream(PATH), name: "stream.txt" }),
  named: () => ({ bytes: Buffer.from("named"), name: "größe 1.txt" }),
  large: () => ({ bytes: Buffer.alloc(1_200_000, "large file "), name: "large.bin" }),
  empty: () => ({ bytes: Buffer.alloc(0), name: "empty.bin" }),
};

/**
 * @param part number of the part of the table
 * @param filled values for `$`: the ids of a chat and of a message
 * @param file makes the library's file
 * @param call makes a call
 * @param errorOf describes an error
 * @returns the outcomes, as one text
 */
exports.runTable = async (part, filled, file, call, errorOf) => {
  const table = JSON.parse(readFileSync(process.env.METHODS, "utf8"));
  const fill = async (value) => {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return await Promise.all(value.map(fill));
    if (value.$ === undefined) {
      const entries = Object.entries(value).map(async ([key, item]) => [key, await fill(item)]);
      return Object.fromEntries(await Promise.all(entries));
    }
    if (value.$ === "id") return "BQACAgSimulator";
    if (value.$ === "url") return "https://example.com/a.png";
    return filled[value.$] ?? (await file(CONTENTS[value.$]()));
  };
  const outcomes = [];
  for (const { method, parameters } of table[part]) {
    // Libraries take no object for methods without parameters.
    const given = Object.keys(parameters).length === 0 ? [] : [await fill(parameters)];
    const outcome = await call(method, ...given).then(digest, errorOf);
    outcomes.push(`${method} ${outcome}`);
  }
  return outcomes.join("\n");
};

function digest(result) {
  return createHash("sha256").update(JSON.stringify(result)).digest("hex").slice(0, 8);
}
