/**
 * Writes a model for onnxruntime: layers of a matrix product and a ReLU, with random weights. The file is a message of
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto; the numbers below are those of its fields.
 */

import { Random } from "../../test/faults/random.ts";

export interface ModelSize {
  /** Rows of the input. */
  readonly rows: number;
  /** Columns of the input, and width of each layer. */
  readonly width: number;
  readonly layers: number;
}

const FLOAT = 1;

export function onnxModel({ rows, width, layers }: ModelSize): Buffer {
  const random = new Random(1);
  const numbers = Array.from({ length: layers }, (_, i) => i);
  const input = (layer: number) => (layer === 0 ? "input" : `relu${layer - 1}`);
  const output = (layer: number) => (layer === layers - 1 ? "output" : `relu${layer}`);
  const nodes = numbers.flatMap((layer) => [
    message(1, [...node("MatMul", [input(layer), `weights${layer}`], `product${layer}`)]),
    message(1, [...node("Relu", [`product${layer}`], output(layer))]),
  ]);
  const weights = numbers.map((layer) => message(5, tensor(`weights${layer}`, width, random)));
  const graph = [
    ...nodes,
    text(2, "bench"),
    ...weights,
    message(11, value("input", rows, width)),
    message(12, value("output", rows, width)),
  ];
  const IR_VERSION = 8;
  const OPERATORS = 13;
  return Buffer.concat([
    integer(1, IR_VERSION),
    text(2, "asgigram"),
    message(7, graph),
    message(8, [text(1, ""), integer(2, OPERATORS)]),
  ]);
}

function node(operator: string, inputs: readonly string[], output: string): Buffer[] {
  return [...inputs.map((input) => text(1, input)), text(2, output), text(4, operator)];
}

/** Weights that keep the size of the values from layer to layer. */
function tensor(name: string, width: number, random: Random): Buffer[] {
  const scale = Math.sqrt(6 / width);
  const weights = Float32Array.from({ length: width * width }, () => (2 * random.next() - 1) * scale);
  return [
    integer(1, width),
    integer(1, width),
    integer(2, FLOAT),
    text(8, name),
    field(9, Buffer.from(weights.buffer)),
  ];
}

function value(name: string, rows: number, width: number): Buffer[] {
  const dimensions = [rows, width].map((size) => message(1, [integer(1, size)]));
  return [text(1, name), message(2, [message(1, [integer(1, FLOAT), message(2, dimensions)])])];
}

// ---- protobuf: https://protobuf.dev/programming-guides/encoding ----

function integer(number: number, value: number): Buffer {
  return Buffer.concat([varint(number << 3), varint(value)]);
}

function text(number: number, value: string): Buffer {
  return field(number, Buffer.from(value));
}

function message(number: number, fields: readonly Buffer[]): Buffer {
  return field(number, Buffer.concat(fields));
}

function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Buffer.from([...bytes, value]);
}
