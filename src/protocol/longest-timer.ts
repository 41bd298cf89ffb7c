/** Longest delay of a timer: ms. With a longer one it is over at once. */
export const LONGEST_TIMER = 2 ** 31 - 1;
