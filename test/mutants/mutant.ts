import { stripTypeScriptTypes } from "node:module";

/** A known way to break the code, and the tests that must notice. */
export interface Mutant {
  readonly id: string;
  /** The fault, in plain words. */
  readonly breaks: string;
  /** The broken file, from the root of the repository. */
  readonly file: string;
  /** A text that is in the file exactly once. */
  readonly from: string;
  readonly to: string;
  /** Test files without their ending, below test/: at least one of their tests must fail. */
  readonly tests: readonly string[];
  /** Names of the tests to run; all without. For files that take long. */
  readonly only?: RegExp;
}

/**
 * The broken source.
 * @throws Error if the source has the text not at all or more than once, or the broken source is no TypeScript
 */
export function mutated({ id, file, from, to }: Mutant, source: string): string {
  const count = source.split(from).length - 1;
  if (count !== 1) {
    const remedy = "the code has changed, so change test/mutants/mutants.ts with it";
    throw new Error(`mutant ${id}: ${file} has its text ${count} times instead of once; ${remedy}. The text: ${from}`);
  }
  const broken = source.replace(from, () => to);
  try {
    stripTypeScriptTypes(broken);
  } catch (cause) {
    throw new Error(`mutant ${id}: ${file} is no TypeScript any more`, { cause });
  }
  return broken;
}
