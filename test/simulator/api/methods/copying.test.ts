import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../../../simulator/index.ts";
import { callerOf, verdict } from "../../caller.ts";

async function withMessages() {
  const simulator = await Simulator.start();
  const ann = await simulator.user("ann");
  const text = await ann.sendText("words");
  const photo = await ann.send({
    photo: [{ file_id: "p", file_unique_id: "u", width: 1, height: 1 }],
    caption: "look",
  });
  const group = await simulator.group("Team");
  return {
    simulator,
    ann,
    text,
    photo,
    group,
    call: callerOf(simulator),
    target: { chat_id: group.id, from_chat_id: ann.id },
  };
}

test("a forward names its origin, a copy does not", async () => {
  const { simulator, ann, text, group, call, target } = await withMessages();
  await using _ = simulator;
  const { result: forward } = await call("forwardMessage", { ...target, message_id: text.message_id });
  assert.equal(forward.text, "words");
  assert.deepEqual([forward.forward_origin.type, forward.forward_origin.sender_user.id], ["user", ann.id]);
  const { result: id } = await call("copyMessage", { ...target, message_id: text.message_id });
  const [, copy] = await group.messages();
  assert.deepEqual(id, { message_id: copy?.message_id });
  assert.deepEqual([copy?.text, copy?.forward_origin], ["words", undefined]);
});

test("a copy may have another caption, or none", async () => {
  const { simulator, photo, group, call, target } = await withMessages();
  await using _ = simulator;
  await call("copyMessage", { ...target, message_id: photo.message_id, caption: "see" });
  await call("copyMessages", { ...target, message_ids: [photo.message_id], remove_caption: true });
  assert.deepEqual(
    (await group.messages()).map(({ caption }) => caption),
    ["see", undefined],
  );
});

test("a missing message is refused, or skipped among several", async () => {
  const { simulator, text, photo, call, target } = await withMessages();
  await using _ = simulator;
  assert.equal(
    verdict(await call("forwardMessage", { ...target, message_id: 99 })),
    "400 Bad Request: message to forward not found",
  );
  assert.equal(
    verdict(await call("copyMessage", { ...target, message_id: 99 })),
    "400 Bad Request: message to copy not found",
  );
  const message_ids = [text.message_id, 99, photo.message_id];
  assert.equal((await call("forwardMessages", { ...target, message_ids })).result.length, 2);
});
