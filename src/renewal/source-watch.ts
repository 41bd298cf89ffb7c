/**
 * The files that the application is made of, wherever they are: tells when some have changed, as soon as they have come to
 * rest. Nothing but this imports chokidar, and nobody needs this but where --reload is given.
 */

import type { FSWatcher } from "chokidar";

export interface SourceWatchOptions {
  onChange(files: string[]): void;
  /** It cannot be watched. */
  onError(error: Error): void;
}

/** An editor that saves, or a tool that writes many files, is given so long to finish: ms. */
const REST = 100;

export class SourceWatch {
  readonly #options: SourceWatchOptions;
  readonly #files = new Set<string>();
  readonly #changed = new Set<string>();
  readonly #watcher: Promise<FSWatcher>;
  #rest: NodeJS.Timeout | undefined;

  constructor(options: SourceWatchOptions) {
    this.#options = options;
    this.#watcher = this.#watch();
  }

  /** Watches one more file, which need not be there yet. */
  async add(file: string): Promise<void> {
    if (this.#files.has(file)) return;
    this.#files.add(file);
    (await this.#watcher).add(file);
  }

  async close(): Promise<void> {
    clearTimeout(this.#rest);
    await (await this.#watcher).close();
  }

  async #watch(): Promise<FSWatcher> {
    const { watch } = await import("chokidar");
    return watch([], { ignoreInitial: true })
      .on("all", (_, path) => this.#note(path))
      .on("error", (error) => this.#options.onError(error as Error));
  }

  #note(path: string): void {
    // Of a file that is not there yet, its folder is watched.
    if (!this.#files.has(path)) return;
    this.#changed.add(path);
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => {
      const changed = [...this.#changed];
      this.#changed.clear();
      this.#options.onChange(changed);
    }, REST);
  }
}
