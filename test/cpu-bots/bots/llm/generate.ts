/** Stands in for a language model: each word takes 100 ms of a core. */

const WORDS = ["a", "bot", "that", "computes", "answers", "others", "all", "the", "same"];

export async function* generate(count: number): AsyncGenerator<string> {
  for (let i = 0; i < count; i++) {
    const end = performance.now() + 100;
    while (performance.now() < end);
    yield WORDS[i % WORDS.length]!;
  }
}
