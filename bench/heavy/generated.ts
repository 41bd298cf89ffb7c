/** The photo and the model that the workloads read. They are made once, next to the packages. */

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onnxModel } from "./onnx-model.ts";

const FOLDER = join(import.meta.dirname, "workloads/node_modules/.cache");

export const PHOTO = join(FOLDER, "photo.jpg");
export const MODEL = join(FOLDER, "model.onnx");

/** 4.8 GFLOP a run: 45 to 90 ms on one core; 100 MB. */
const SIZE = { rows: 96, width: 1024, layers: 24 };
export const MODEL_SHAPE = [SIZE.rows, SIZE.width];
export const MODEL_INPUT = SIZE.rows * SIZE.width;

export async function generate(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  if (!existsSync(MODEL)) writeFileSync(MODEL, onnxModel(SIZE));
  if (existsSync(PHOTO)) return;
  // The name is not a literal: the packages of workloads/ are not there before they are installed.
  const painter: string = "./workloads/photo.ts";
  const { photo } = (await import(painter)) as { photo(): Promise<Buffer> };
  writeFileSync(PHOTO, await photo());
}
