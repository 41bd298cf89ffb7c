/** Stockfish in WebAssembly, loaded as its readme says. */

import { createRequire } from "node:module";

interface Engine {
  listener: (line: string) => void;
  sendCommand(command: string): void;
}

const initEngine = createRequire(import.meta.url)("stockfish") as (kind: string) => Promise<Engine>;
const engine = await initEngine("lite-single");

export async function bestMove(nodes: number): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  engine.listener = (line) => {
    if (line.startsWith("bestmove ")) resolve(line.split(" ")[1]!);
  };
  for (const command of ["ucinewgame", "position startpos", `go nodes ${nodes}`]) engine.sendCommand(command);
  return await promise;
}
