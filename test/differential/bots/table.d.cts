export interface Content {
  readonly name: string;
  readonly bytes?: Buffer;
  readonly path?: string;
  readonly stream?: import("node:fs").ReadStream;
}

export function runTable(
  part: string,
  filled: { chat: number; message: number },
  file: (content: Content) => unknown,
  // biome-ignore lint/suspicious/noExplicitAny: the parameters of any method
  call: (method: string, parameters?: any) => Promise<unknown>,
  errorOf: (error: unknown) => string,
): Promise<string>;
