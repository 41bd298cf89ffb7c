/**
 * The weights of the model, made once for all workers. A bot would read them from a file, straight into the shared memory. Here they
 * are learned from a few sentences: how often each three letters stand side by side in a language.
 */

export interface Weights {
  /** A row for each language, a column for each trigram. */
  readonly matrix: Float32Array<SharedArrayBuffer>;
  readonly columns: number;
}

const SENTENCES: Record<string, string> = {
  English:
    "All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience",
  French:
    "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison et de conscience",
  German: "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen begabt",
};

export const LANGUAGES = Object.keys(SENTENCES);

/** Letters, and the space. */
const SYMBOLS = 27;

/** Runs in a thread of its own. SharedArrayBuffers in the result are shared, all else is copied. */
export default function weights(): Weights {
  const columns = SYMBOLS ** 3;
  const bytes = LANGUAGES.length * columns * Float32Array.BYTES_PER_ELEMENT;
  const matrix = new Float32Array(new SharedArrayBuffer(bytes));
  for (const [row, sentences] of Object.values(SENTENCES).entries()) {
    for (const trigram of trigramsIn(sentences)) matrix[row * columns + trigram]! += 1 / sentences.length;
  }
  return { matrix, columns };
}

/** The number of each trigram in the text, from 0. Accents and case make no difference. */
export function trigramsIn(text: string): number[] {
  const plain = text.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();
  const letters = ` ${plain.match(/[a-z]+/g)?.join(" ") ?? ""} `;
  const symbols = Array.from(letters, (letter) => (letter === " " ? 0 : letter.charCodeAt(0) - 96));
  return symbols.slice(2).map((last, at) => (symbols[at]! * SYMBOLS + symbols[at + 1]!) * SYMBOLS + last);
}
