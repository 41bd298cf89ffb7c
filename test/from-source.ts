/** With `node --import`, has `import "asgigram"` mean the source of this repository: dist/ may be older. */

import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";

const { exports } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

registerHooks({
  resolve(specifier, context, next) {
    const { default: built = "" } = exports[specifier.replace(/^asgigram(?=\/|$)/, ".")] ?? {};
    const source = /^\.\/dist\/(.+)\.js$/.exec(built)?.[1];
    return next(source === undefined ? specifier : new URL(`../${source}.ts`, import.meta.url).href, context);
  },
});
