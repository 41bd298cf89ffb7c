/** The best move in a position, by Stockfish in WebAssembly: 40,000 nodes. One engine a thread, one search at a time. */

import { createRequire } from "node:module";

interface Engine {
  listener: (line: string) => void;
  sendCommand(command: string): void;
}

const NODES = 40_000;

const engine = await loadEngine();
let searches: Promise<unknown> = Promise.resolve();

export default function bestMove(position: string): Promise<string> {
  const search = searches.then(() => searched(position));
  searches = search;
  return search;
}

async function searched(position: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  engine.listener = (line) => {
    if (line.startsWith("bestmove ")) resolve(line.split(" ")[1]!);
  };
  engine.sendCommand("ucinewgame");
  engine.sendCommand(`position fen ${position}`);
  engine.sendCommand(`go nodes ${NODES}`);
  return await promise;
}

/** In a thread that is not the main thread, the engine takes itself for a web worker and fails, unless it is deceived. */
async function loadEngine(): Promise<Engine> {
  const require = createRequire(import.meta.url);
  const threads = require("node:worker_threads") as { isMainThread: boolean };
  const initEngine = require("stockfish") as (kind: string) => Promise<Engine>;
  const { isMainThread } = threads;
  threads.isMainThread = true;
  try {
    return await initEngine("lite-single");
  } finally {
    threads.isMainThread = isMainThread;
  }
}
