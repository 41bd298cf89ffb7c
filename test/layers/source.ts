/**
 * Reads a TypeScript file as far as it takes to tell what it imports: comments, strings, templates and regular expressions are
 * told from code, so that nothing in them counts, and no way of writing an import escapes.
 */

export interface Source {
  /** The code without comments; each string is `"<number>"`, each regular expression `/0/`. */
  readonly code: string;
  /** The contents of the strings, by their numbers. */
  readonly strings: readonly string[];
}

export interface Import {
  /** As it is written. */
  readonly specifier: string;
  /** Whether nothing of it is left when the types are taken away. */
  readonly isType: boolean;
}

export interface Imports {
  /** In whatever way: import, export from, import of a type, import in passing, require. */
  readonly named: Import[];
  /** Whether something is imported whose name only shows when it runs. */
  readonly isOpen: boolean;
}

const STATIC = /\b(?:import|export)\b(\s+type\b(?!\s*(?:,|from\b)))?[^;()"]*?\bfrom\s*"(\d+)"|\bimport\s*"(\d+)"/g;
const DYNAMIC = /\b(?:import|require(?:\.resolve)?|import\.meta\.resolve)\s*\(\s*(?:"(\d+)"\s*[,)])?/g;

export function importsOf(text: string): Imports {
  const { code, strings } = readSource(text);
  const named: Import[] = [];
  const add = (number: string, isType: boolean) => named.push({ specifier: strings[Number(number)]!, isType });
  for (const [, type, from, inPassing] of code.matchAll(STATIC)) add((from ?? inPassing)!, type !== undefined);
  let isOpen = false;
  for (const [, number] of code.matchAll(DYNAMIC)) {
    if (number === undefined) isOpen = true;
    else add(number, false);
  }
  return { named, isOpen };
}

export function readSource(text: string): Source {
  const strings: string[] = [];
  let code = "";
  let at = 0;
  /** For each `${` that is open, how many braces are open inside it. */
  const substitutions: number[] = [];

  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const [match] = pattern.exec(text) ?? [];
    at += match?.length ?? 0;
    return match;
  };
  const keep = (content: string) => {
    code += `"${strings.push(content) - 1}"`;
  };
  /** From the backtick or the `}` on, to the next `${` or the end of the template. */
  const takeTemplate = () => {
    const piece = take(TEMPLATE)!;
    const isOpen = piece.endsWith("${");
    keep(piece.slice(1, isOpen ? -2 : -1));
    if (!isOpen) return;
    code += "+";
    substitutions.push(0);
  };

  while (at < text.length) {
    const next = text[at]!;
    const inner = substitutions.length - 1;
    if (take(SPACE_OR_COMMENT) !== undefined) code += " ";
    else if (next === '"' || next === "'") keep(take(STRING)!.slice(1, -1));
    else if (next === "`") takeTemplate();
    else if (next === "}" && substitutions[inner] === 0) {
      substitutions.pop();
      code += "+";
      takeTemplate();
    } else if (next === "/" && isExpressionNext(code)) {
      take(REGULAR_EXPRESSION);
      code += "/0/";
    } else {
      if (inner >= 0 && next === "{") substitutions[inner]! += 1;
      if (inner >= 0 && next === "}") substitutions[inner]! -= 1;
      code += take(WORD) ?? text[at++];
    }
  }
  return { code, strings };
}

const SPACE_OR_COMMENT = /(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y;
const STRING = /"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'/y;
const TEMPLATE = /[`}](?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/y;
const REGULAR_EXPRESSION = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const WORD = /[\w$]+/y;

/** Whether a `/` begins a regular expression here; after a value it divides. */
function isExpressionNext(code: string): boolean {
  const before = code.trimEnd();
  if (/\b(?:return|typeof|case|in|of|do|else|void|delete|throw|new|await|yield)$/.test(before)) return true;
  return !/[\w$)\]}"/]$/.test(before);
}
