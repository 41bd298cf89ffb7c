import { DatabaseSync } from "node:sqlite";
import type { LifespanApplication } from "asgigram";

export const application: LifespanApplication = async (scope, receive, send) => {
  if (scope.type === "lifespan") {
    await receive(); // lifespan.startup
    const dictionary = new DatabaseSync("words.sqlite", { readOnly: true });
    scope.state.translation = dictionary.prepare("SELECT german FROM words WHERE english = ?");
    await send({ type: "lifespan.startup.complete" });
    await receive(); // lifespan.shutdown
    dictionary.close();
    return await send({ type: "lifespan.shutdown.complete" });
  }
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message" || event.text === undefined) continue;
    const word = scope.state.translation.get(event.text);
    await send({ type: "telegram.send_message", text: word?.german ?? "I do not know that word." });
  }
};
