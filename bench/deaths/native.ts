/** A function that ends its process as a fault in native code does. */

export function crash(): void {
  process.kill(process.pid, "SIGSEGV");
  for (;;);
}
