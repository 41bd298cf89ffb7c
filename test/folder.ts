import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Temporary folder, removed with all its contents at the end of the block that declares it: `using folder = new Folder()`. */
export class Folder implements Disposable {
  /** Without symbolic links, as files are named in messages of Node.js. */
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), "asgigram-")));

  /** Path of a file or folder in it, which need not exist. */
  join(...names: readonly string[]): string {
    return join(this.path, ...names);
  }

  /** Writes a file into it. @returns the path of the file */
  write(name: string, content: string | Uint8Array): string {
    const path = this.join(name);
    writeFileSync(path, content);
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
