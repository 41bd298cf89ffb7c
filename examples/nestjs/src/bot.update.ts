import { Command, Ctx, Hears, Start, Update } from "nestjs-telegraf";
import type { Context, Scenes } from "telegraf";
import { ORDER } from "./order.scene";
import { PrimesService } from "./primes.service";

@Update()
export class BotUpdate {
  constructor(private readonly primes: PrimesService) {}

  @Start()
  start(): string {
    return "Send me a whole number, or /order.";
  }

  @Command("order")
  async order(@Ctx() ctx: Scenes.SceneContext): Promise<void> {
    await ctx.scene.enter(ORDER);
  }

  @Hears(/^\d+$/)
  async number(@Ctx() ctx: Context): Promise<string> {
    return `The next prime is ${await this.primes.next(Number(ctx.text))}.`;
  }
}
