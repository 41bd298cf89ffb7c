import { Controller, Get } from "@nestjs/common";
import { PrimesService } from "./primes.service";

@Controller()
export class HealthController {
  constructor(private readonly primes: PrimesService) {}

  @Get()
  health(): { found: number } {
    return { found: this.primes.found };
  }
}
