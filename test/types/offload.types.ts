import type { OffloadedFunction, offload, shared } from "../../src/index.ts";
import type { Equal, Is } from "./expect.ts";

interface Render {
  render(photo: Uint8Array, width?: number): Uint8Array;
  measure(photo: Uint8Array): Promise<{ width: number }>;
  speak(text: string): AsyncGenerator<string, number>;
  FORMATS: string[];
  /** Names that cannot be reached. */
  with(): void;
  then(): void;
  toJSON(): void;
  call(): void;
  apply(): void;
  bind(): void;
  name(): void;
  toString(): string;
}

interface WithDefault {
  default(text: string): string;
}

declare const render: ReturnType<typeof offload<Render>>;
declare const whole: ReturnType<typeof offload<WithDefault>>;
declare const index: Awaited<ReturnType<typeof shared<{ default(): Promise<{ table: SharedArrayBuffer }> }>>>;

true satisfies Is<Equal<keyof typeof render, "render" | "measure" | "speak">>;
true satisfies Is<Equal<ReturnType<typeof render.render>, Promise<Uint8Array>>>;
true satisfies Is<Equal<Parameters<typeof render.render>, Parameters<Render["render"]>>>;
true satisfies Is<Equal<ReturnType<typeof render.measure>, Promise<{ width: number }>>>;
true satisfies Is<Equal<ReturnType<typeof render.speak>, AsyncGenerator<string, number, undefined>>>;
true satisfies Is<Equal<ReturnType<typeof whole>, Promise<string>>>;
true satisfies Is<Equal<typeof index, { table: SharedArrayBuffer }>>;

const sketch: OffloadedFunction<Render["render"]> = render.render;
void sketch.with({ timeout: 1000 })(new Uint8Array(1));
// @ts-expect-error a photo is no text
void sketch("photo");
// @ts-expect-error not exported
void render.crop;
