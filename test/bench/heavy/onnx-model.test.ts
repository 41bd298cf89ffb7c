import assert from "node:assert/strict";
import { test } from "node:test";
import { onnxModel } from "../../../bench/heavy/onnx-model.ts";

interface Field {
  number: number;
  value: number | Buffer;
}

/** Reads one level of a protobuf message. */
function fieldsOf(bytes: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const size = varint();
    const isBytes = (key & 7) === 2;
    fields.push({ number: key >> 3, value: isBytes ? bytes.subarray(at, at + size) : size });
    if (isBytes) at += size;
  }
  return fields;
}

const all = (fields: Field[], number: number) => fields.filter((field) => field.number === number);
const messages = (fields: Field[], number: number) => all(fields, number).map(({ value }) => fieldsOf(value as Buffer));
const texts = (fields: Field[], number: number) => all(fields, number).map(({ value }) => `${value}`);

test("the model is a graph of products and ReLUs from input to output, with its weights", () => {
  const model = fieldsOf(onnxModel({ rows: 2, width: 3, layers: 2 }));
  const [graph] = messages(model, 7);
  const nodes = messages(graph!, 1).map((node) => [texts(node, 4)[0], texts(node, 1).join(), texts(node, 2)[0]]);
  assert.deepEqual(nodes, [
    ["MatMul", "input,weights0", "product0"],
    ["Relu", "product0", "relu0"],
    ["MatMul", "relu0,weights1", "product1"],
    ["Relu", "product1", "output"],
  ]);
  const [weights] = messages(graph!, 5);
  assert.deepEqual(
    all(weights!, 1).map(({ value }) => value),
    [3, 3],
  );
  assert.equal((all(weights!, 9)[0]!.value as Buffer).length, 3 * 3 * 4);
});
