import assert from "node:assert/strict";
import { test } from "node:test";
import { faultOf } from "../../../simulator/page/fault-choice.ts";

const NONE = { seconds: "", times: "", probability: "" };

test("a fault of the form has its seconds, times and probability", () => {
  assert.deepEqual(faultOf({ ...NONE, fault: "a slow answer" }), { delay: 3000 });
  assert.deepEqual(faultOf({ ...NONE, fault: "a slow answer", seconds: "0.5", times: "2" }), { delay: 500, times: 2 });
  const refused = { error_code: 429, retry_after: 1, probability: 0.3 };
  assert.deepEqual(faultOf({ ...NONE, fault: "429 Too Many Requests", seconds: "0.2", probability: "30" }), refused);
  assert.deepEqual(faultOf({ ...NONE, fault: "400 Bad Request", seconds: "5" }), { error_code: 400 });
});
