/**
 * The files that the application is made of, wherever they are: tells when some have changed, as soon as they have come to
 * rest. Nothing but this imports chokidar, and nobody needs this but where --reload is given.
 */

import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import type { FSWatcher } from "chokidar";

export interface SourceWatchOptions {
  onChange(files: string[]): void;
  /** It cannot be watched. */
  onError(error: Error): void;
}

/** An editor that saves, or a tool that writes many files, is given so long to finish: ms. */
const REST = 100;
/** The clock that files go by may be behind by as much: ms. */
const COARSE = 20;

export class SourceWatch {
  readonly #options: SourceWatchOptions;
  /** Since when each file is to be watched: ms since 1970. */
  readonly #since = new Map<string, number>();
  /** Those that chokidar has seen, and watches. */
  readonly #seen = new Set<string>();
  readonly #changed = new Set<string>();
  readonly #watcher: Promise<FSWatcher>;
  #rest: NodeJS.Timeout | undefined;

  constructor(options: SourceWatchOptions) {
    this.#options = options;
    this.#watcher = this.#watch();
  }

  /** Watches one more file, which need not be there yet. */
  async add(file: string): Promise<void> {
    if (this.#since.has(file)) return;
    this.#since.set(file, Date.now() - COARSE);
    (await this.#watcher).add(file);
  }

  async close(): Promise<void> {
    // What is still on its way is not told any more.
    this.#since.clear();
    const watcher = await this.#watcher;
    clearTimeout(this.#rest);
    await watcher.close();
  }

  async #watch(): Promise<FSWatcher> {
    const { watch } = await import("chokidar");
    return (
      watch([], { alwaysStat: true })
        .on("all", (_, path, stats) => this.#notice(path, stats))
        // What has been removed is watched no more, and might come back.
        .on("unlink", async (path) => void (await this.#watcher).add(path))
        .on("error", (error) => this.#options.onError(error as Error))
    );
  }

  #notice(path: string, stats: Stats | undefined): void {
    const since = this.#since.get(path);
    // Of a file that is not there yet, its folder is watched.
    if (since === undefined) return;
    const isFirst = !this.#seen.has(path);
    this.#seen.add(path);
    // It is seen for the first time when it begins to be watched, which is a moment after it has been imported.
    if (isFirst && stats !== undefined && stats.ctimeMs < since) return void this.#lookAgain(path, stats);
    this.#note(path);
  }

  /** What is written after chokidar has looked at a file, and before it watches it, nobody would tell. */
  async #lookAgain(path: string, seen: Stats): Promise<void> {
    const now = await stat(path).catch(() => undefined);
    if (now?.ctimeMs !== seen.ctimeMs && this.#since.has(path)) this.#note(path);
  }

  #note(path: string): void {
    this.#changed.add(path);
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.#tell(), REST);
  }

  #tell(): void {
    const changed = [...this.#changed];
    this.#changed.clear();
    this.#options.onChange(changed);
  }
}
