/**
 * A debugger that works like VS Code: it reaches worker threads through the NodeWorker domain of the main thread's inspector.
 * https://chromedevtools.github.io/devtools-protocol/, https://nodejs.org/api/inspector.html
 */

import { EventEmitter, once } from "node:events";

interface Message {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { message: string };
}

/** One session of the protocol: commands with their answers, and events by their names. */
class Session extends EventEmitter {
  readonly #send: (message: string) => void;
  readonly #answers = new Map<number, (message: Message) => void>();

  constructor(send: (message: string) => void) {
    super();
    this.#send = send;
  }

  async command(method: string, params: object = {}): Promise<Record<string, unknown>> {
    const id = this.#answers.size + 1;
    const { promise, resolve } = Promise.withResolvers<Message>();
    this.#answers.set(id, resolve);
    this.#send(JSON.stringify({ id, method, params }));
    const { result, error } = await promise;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result!;
  }

  receive(text: string): void {
    const message = JSON.parse(text) as Message;
    if (message.id === undefined) this.emit(message.method!, message.params);
    else this.#answers.get(message.id)!(message);
  }
}

/** A worker thread. */
export class WorkerSession extends Session {
  async evaluate(callFrameId: string, expression: string): Promise<unknown> {
    const { result } = await this.command("Debugger.evaluateOnCallFrame", { callFrameId, expression });
    return (result as { value: unknown }).value;
  }

  async resume(): Promise<void> {
    await this.command("Debugger.resume");
  }
}

export interface Stop {
  worker: WorkerSession;
  /** Id of the topmost call frame. */
  callFrame: string;
}

export class Inspector implements Disposable {
  readonly #socket: WebSocket;
  readonly #main: Session;
  readonly #workers = new Map<string, WorkerSession>();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.#main = new Session((text) => socket.send(text));
    socket.addEventListener("message", ({ data }) => this.#main.receive(data as string));
  }

  static async connect(url: string): Promise<Inspector> {
    const socket = new WebSocket(url);
    await once(socket, "open");
    return new Inspector(socket);
  }

  /**
   * Sets a breakpoint in every worker, those that start later included; resolves when a worker stops there.
   * @param line of the file, from 1
   */
  async stopIn(file: RegExp, line: number): Promise<Stop> {
    const { promise, resolve, reject } = Promise.withResolvers<Stop>();
    this.#main.on("NodeWorker.receivedMessageFromWorker", ({ sessionId, message }) =>
      this.#workers.get(sessionId)!.receive(message),
    );
    this.#main.on("NodeWorker.attachedToWorker", ({ sessionId }) => {
      const worker = new WorkerSession((message) => {
        this.#main.command("NodeWorker.sendMessageToWorker", { sessionId, message }).catch(reject);
      });
      this.#workers.set(sessionId, worker);
      worker.on("Debugger.paused", ({ hitBreakpoints, callFrames }) => {
        // A worker that waited for its debugger stops once before its first line.
        if (hitBreakpoints.length === 0) worker.resume().catch(reject);
        else resolve({ worker, callFrame: callFrames[0].callFrameId });
      });
      prepare(worker, file, line).catch(reject);
    });
    await this.#main.command("NodeWorker.enable", { waitForDebuggerOnStart: true });
    return await promise;
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

async function prepare(worker: WorkerSession, file: RegExp, line: number): Promise<void> {
  await worker.command("Debugger.enable");
  await worker.command("Debugger.setBreakpointByUrl", { urlRegex: file.source, lineNumber: line - 1 });
  await worker.command("Runtime.runIfWaitingForDebugger");
}
