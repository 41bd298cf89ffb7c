/**
 * Measures what docs/simulator.md says of the simulator: its start, a hundred worlds, calls per second, and the weight of the page:
 *
 *   npm run bench:simulator
 *
 * Client and simulator share one process.
 */

import { gzipSync } from "node:zlib";
import { pageFile } from "../../simulator/http/page.ts";
import { Simulator } from "../../simulator/index.ts";

const STARTS = 100;
const CALLS = 20_000;
/** Calls that are open at a time. */
const OPEN = 20;

// The first start loads code that the others share.
await (await Simulator.start()).close();

const before = performance.now();
const worlds: Simulator[] = [];
while (worlds.length < STARTS) worlds.push(await Simulator.start());
const start = (performance.now() - before) / STARTS;
await Promise.all(worlds.map((world) => world.close()));

await using simulator = await Simulator.start();
const { id } = await simulator.user("Ann");
await simulator.perform("send", { user_id: id, content: { text: "/start" } });
const url = `${simulator.url}/bot${simulator.token}/sendMessage?chat_id=${id}&text=hello`;

/** @returns calls per second */
async function rate(calls: number): Promise<number> {
  const began = performance.now();
  let left = calls;
  const caller = async () => {
    while (left-- > 0) await (await fetch(url)).text();
  };
  await Promise.all(Array.from({ length: OPEN }, caller));
  return (calls / (performance.now() - began)) * 1000;
}

await rate(CALLS / 10);
const calls = await rate(CALLS);

console.log(`start              ${start.toFixed(1)} ms`);
console.log(`${STARTS} worlds         ${Math.round(start * STARTS)} ms`);
console.log(`calls per second   ${Math.round(calls)}`);
console.log(`script of the page ${Math.round(gzipSync(pageFile("page.js").body).length / 1024)} KB, gzipped`);
