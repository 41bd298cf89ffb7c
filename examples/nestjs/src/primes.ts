/** The next prime, the slow way: it blocks its thread. */
export function nextPrime(number: number): number {
  for (let candidate = Math.max(2, number + 1); ; candidate++) {
    if (isPrime(candidate)) return candidate;
  }
}

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor++) {
    if (number % divisor === 0) return false;
  }
  return true;
}
