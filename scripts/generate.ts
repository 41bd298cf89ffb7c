/**
 * All that is generated; each generator is a script of its own as well.
 *
 *   node scripts/generate.ts            writes the files
 *   node scripts/generate.ts --check    fails if one is not what would be written
 */

/** In order: some go by what others have written. */
const GENERATED = [
  "methods",
  "options",
  "metrics",
  "dashboard",
  "config-schema",
  "simulator-schema",
  "simulator-methods",
];

for (const name of GENERATED) await import(`./generate-${name}.ts`);
