import { Module } from "@nestjs/common";
import { TelegrafModule } from "nestjs-telegraf";
import { session } from "telegraf";
import { BotUpdate } from "./bot.update";
import { HealthController } from "./health.controller";
import { OrderScene } from "./order.scene";
import { PrimesService } from "./primes.service";

@Module({
  imports: [TelegrafModule.forRoot({ token: process.env.BOT_TOKEN ?? "", middlewares: [session()] })],
  controllers: [HealthController],
  providers: [BotUpdate, OrderScene, PrimesService],
})
export class AppModule {}
