import { Injectable, Logger, type OnModuleDestroy } from "@nestjs/common";
import { offload } from "asgigram";

const { nextPrime } = offload<typeof import("./primes")>("./primes.js");

/** The heavy part of the bot: it runs in a thread of its own, so other messages are answered meanwhile. */
@Injectable()
export class PrimesService implements OnModuleDestroy {
  /** Jobs that are done. */
  found = 0;

  async next(number: number): Promise<number> {
    const prime = await nextPrime(number);
    this.found += 1;
    return prime;
  }

  onModuleDestroy(): void {
    new Logger(PrimesService.name).log(`found ${this.found} primes`);
  }
}
