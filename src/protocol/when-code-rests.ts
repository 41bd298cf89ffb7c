/** The end of the code that goes on in this turn of the event loop, as far as it needs no further turn. */

/** Rounds of promises and ticks after which the code counts as over: streams and HTTP libraries need some for an answer. */
const ROUNDS = 16;

const NOW = Promise.resolve();

/** Calls back when the promises and ticks at hand are through, and those that they lead to. A round costs half a microsecond. */
export function whenCodeRests(callback: () => void, rounds = ROUNDS): void {
  if (rounds === 0) return callback();
  void NOW.then(() => process.nextTick(whenCodeRests, callback, rounds - 1));
}
