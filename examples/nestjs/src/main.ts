/**
 * A NestJS application with a bot. `node dist/main.js` runs it, and `asgigram dist/main.js` does, too, with its HTTP port, its
 * providers and its shutdown hooks.
 */

import "reflect-metadata";
import { NestFactory } from "@nestjs/core";
import { AppModule } from "./app.module";

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule);
  // At SIGTERM providers close what they have open, and a reload gets its port back.
  app.enableShutdownHooks();
  await app.listen(process.env.PORT ?? 3000);
}

void main();
