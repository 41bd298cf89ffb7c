#!/usr/bin/env node
// The executable. Versions of Node.js that are too old have to understand it in order to say so: it is plain JavaScript, and
// imports what needs a newer one only after the version is checked.

// ps shows this instead of the arguments, one of which may be the token.
process.title = "asgigram";

const NEEDED = { major: 22, minor: 19 };

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major > NEEDED.major || (major === NEEDED.major && minor >= NEEDED.minor)) {
  const { processContext } = await import("./context.ts");
  const { main } = await import("./main.ts");
  const { exit } = await import("./exit.ts");
  const context = processContext();
  exit(await main(context), context);
} else {
  const remedy = "Install a newer one (https://nodejs.org), or put it first in PATH.";
  console.error(
    `asgigram needs Node.js ${NEEDED.major}.${NEEDED.minor} or newer; this is v${process.versions.node}. ${remedy}`,
  );
  process.exitCode = 2;
}
