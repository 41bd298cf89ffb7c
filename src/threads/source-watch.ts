/**
 * Watches the files that the application imports, and reports changes once the files have come to rest. Only --reload needs it, and
 * only this file imports chokidar.
 */

import { existsSync, type Stats } from "node:fs";
import { stat } from "node:fs/promises";
import type { FSWatcher } from "chokidar";

export interface SourceWatchOptions {
  onChange(files: string[]): void;
  /** The files cannot be watched. */
  onError(error: Error): void;
}

/** Time without a change after which the files are at rest: an editor or a tool may write many. ms. */
const REST = 100;
/** The file system's clock may be this much behind: ms. */
const COARSE = 20;
/** A missing file is looked for this often: ms. chokidar misses one that comes while its folder begins to be watched. */
const LOOK = 200;

export class SourceWatch {
  readonly #options: SourceWatchOptions;
  /** Time from which each file is to be watched: ms since 1970. */
  readonly #since = new Map<string, number>();
  /** Files that chokidar has seen, and watches. */
  readonly #seen = new Set<string>();
  readonly #missing = new Set<string>();
  readonly #changed = new Set<string>();
  readonly #watcher: Promise<FSWatcher>;
  #rest: NodeJS.Timeout | undefined;
  #look: NodeJS.Timeout | undefined;

  constructor(options: SourceWatchOptions) {
    this.#options = options;
    this.#watcher = this.#watch();
  }

  /** Watches one more file, which need not exist yet. */
  async add(file: string): Promise<void> {
    if (this.#since.has(file)) return;
    this.#since.set(file, Date.now() - COARSE);
    await this.#watchOrLookFor(file);
  }

  async close(): Promise<void> {
    // Changes that are still on their way are not reported any more.
    this.#since.clear();
    const watcher = await this.#watcher;
    clearTimeout(this.#rest);
    clearTimeout(this.#look);
    await watcher.close();
  }

  async #watch(): Promise<FSWatcher> {
    const { watch } = await import("chokidar");
    return (
      watch([], { alwaysStat: true })
        .on("all", (_, path, stats) => this.#notice(path, stats))
        // chokidar stops watching a removed file, which may come back.
        .on("unlink", (path) => this.#watchOrLookFor(path))
        .on("error", (error) => this.#options.onError(error as Error))
    );
  }

  async #watchOrLookFor(file: string): Promise<void> {
    const watcher = await this.#watcher;
    // A watch that has been closed begins nothing.
    if (!this.#since.has(file)) return;
    if (existsSync(file)) return void watcher.add(file);
    this.#missing.add(file);
    this.#look ??= setTimeout(() => this.#lookForMissing(), LOOK);
  }

  #lookForMissing(): void {
    this.#look = undefined;
    const missing = [...this.#missing];
    this.#missing.clear();
    for (const file of missing) void this.#watchOrLookFor(file);
  }

  #notice(path: string, stats: Stats | undefined): void {
    const since = this.#since.get(path);
    // The folder of a file that goes while its watch begins is watched, too.
    if (since === undefined) return;
    const isFirst = !this.#seen.has(path);
    this.#seen.add(path);
    // A file is first seen when its watching begins, a moment after its import.
    if (isFirst && stats !== undefined && stats.ctimeMs < since) return void this.#lookAgain(path, stats);
    this.#note(path);
  }

  /** Finds a change between chokidar's look at a file and the beginning of its watch, which chokidar does not report. */
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
