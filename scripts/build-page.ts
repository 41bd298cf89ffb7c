/** Bundles the simulator's page (simulator/page) into dist/page. Part of `npm run build`. */

import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const PAGE = join(import.meta.dirname, "../simulator/page");
const TARGET = join(import.meta.dirname, "../dist/page");

await build({
  entryPoints: { page: join(PAGE, "main.tsx") },
  outdir: TARGET,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["chrome115", "firefox121", "safari17.4"],
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "inline",
  logLevel: "warning",
});
for (const file of ["page.html", "page.svg"]) copyFileSync(join(PAGE, file), join(TARGET, file));
