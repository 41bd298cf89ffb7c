/** ffmpeg is a child process: the job's signal ends it. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { job } from "asgigram";

const { path: ffmpeg } = createRequire(import.meta.url)("@ffmpeg-installer/ffmpeg") as { path: string };

interface Progress {
  percent: number;
  /** With the last one. */
  video?: Uint8Array<ArrayBuffer>;
}

export async function* encode(seconds: number): AsyncGenerator<Progress> {
  const folder = mkdtempSync(join(tmpdir(), "cpu-bot-"));
  try {
    const file = join(folder, "video.mp4");
    const source = `mandelbrot=size=320x240:rate=25`;
    const input = ["-f", "lavfi", "-i", source, "-t", `${seconds}`];
    const args = ["-v", "error", "-progress", "pipe:1", ...input, "-pix_fmt", "yuv420p", file];
    const encoder = spawn(ffmpeg, args, { signal: job.signal, stdio: ["ignore", "pipe", "inherit"] });
    const ended = once(encoder, "close");
    // An abort may reject it before it is awaited.
    ended.catch(() => {});
    let percent = 0;
    for await (const line of createInterface(encoder.stdout!)) {
      const [, micros] = /^out_time_ms=(\d+)/.exec(line) ?? [];
      const reached = Math.floor(Number(micros ?? 0) / (seconds * 1e5)) * 10;
      if (reached <= percent) continue;
      percent = Math.min(reached, 100);
      yield { percent };
    }
    const [code] = await ended;
    if (code !== 0) throw new Error(`ffmpeg ended with ${code}`);
    yield { percent: 100, video: new Uint8Array(readFileSync(file)) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
