import type { LifespanApplication } from "../../../src/index.ts";

/** Counts in a local variable, and logs every event. */
export const application: LifespanApplication = async (scope, receive, send) => {
  if (scope.type === "lifespan") {
    scope.state.greeting = "hello";
    for (;;) {
      const { type } = await receive();
      console.log(type);
      if (type === "lifespan.startup") await send({ type: "lifespan.startup.complete" });
      else return send({ type: "lifespan.shutdown.complete" });
    }
  }
  for (let n = 1; ; n++) {
    const event = await receive();
    if (event.type === "telegram.disconnect") return console.log(`${event.type} ${event.reason} after ${n - 1}`);
    await send({ type: "telegram.send_message", text: `${scope.state.greeting} ${n}` });
  }
};
