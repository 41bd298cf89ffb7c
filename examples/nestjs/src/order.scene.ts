import { Ctx, On, Scene, SceneEnter } from "nestjs-telegraf";
import type { Scenes } from "telegraf";

export const ORDER = "order";

@Scene(ORDER)
export class OrderScene {
  @SceneEnter()
  ask(): string {
    return "What do you drink?";
  }

  @On("text")
  async take(@Ctx() ctx: Scenes.SceneContext): Promise<string> {
    await ctx.scene.leave();
    return `One ${ctx.text}.`;
  }
}
