/**
 * A bot with a model: it names the language of each message. The weights are made once and shared by all workers. Each worker gets
 * its model ready at its lifespan's startup, before its first event.
 */
import { type LifespanApplication, type LifespanScope, shared } from "asgigram";
import { LANGUAGES, trigramsIn, type Weights } from "./model/weights.ts";

export const application: LifespanApplication = async (scope, receive, send) => {
  if (scope.type === "lifespan") {
    await receive();
    try {
      await startUp(scope);
    } catch (error) {
      // The server does not start. After a throw it would go on without a lifespan, and so without a model.
      return await send({ type: "lifespan.startup.failed", message: `the model cannot be loaded: ${error}` });
    }
    await send({ type: "lifespan.startup.complete" });
    await receive();
    return await send({ type: "lifespan.shutdown.complete" });
  }
  const model: Model = scope.state.model;
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") continue;
    const text = event.text === undefined ? "Send me a sentence." : `That is ${model.languageOf(event.text)}.`;
    await send({ type: "telegram.send_message", text });
  }
};

/** Loads the model and warms it up: its first call compiles its code, and no chat has to wait for that. */
async function startUp({ state }: LifespanScope): Promise<void> {
  const weights = await shared<typeof import("./model/weights.ts")>("./model/weights.ts");
  const model = new Model(weights);
  model.languageOf("Is it warm?");
  state.model = model;
}

/** The weights are the same memory in all workers. The scores are this worker's own. */
class Model {
  readonly #weights: Weights;
  readonly #scores = new Float32Array(LANGUAGES.length);

  constructor(weights: Weights) {
    this.#weights = weights;
  }

  /** A model that computes for longer belongs into a module for `offload()`, which can ask for the weights itself. */
  languageOf(text: string): string {
    const { matrix, columns } = this.#weights;
    this.#scores.fill(0);
    for (const trigram of trigramsIn(text)) {
      for (const [row] of LANGUAGES.entries()) this.#scores[row]! += matrix[row * columns + trigram]!;
    }
    const best = this.#scores.indexOf(Math.max(...this.#scores));
    return LANGUAGES[best]!;
  }
}
