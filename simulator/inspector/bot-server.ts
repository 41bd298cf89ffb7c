/**
 * The server that runs the bot, as far as the simulator's page shows it and acts on it. The simulator declares this; asgigram implements it.
 * A bot that is started by other means has none: then the page shows what HTTP shows.
 */

export interface ServerState {
  readonly phase: "starting" | "serving" | "ended";
  readonly pid: number;
  /** Times that it was started. */
  readonly starts: number;
  /** Of a server that has ended by itself. */
  readonly exitCode?: number;
  /** True if it can be killed while the simulator lives on. */
  readonly isApart: boolean;
}

/** An act of the server at an update or a call. */
export type Report = StepReport | CallReport;

export interface StepReport {
  readonly type: "step";
  readonly update_id: number;
  /** `received`, `posted`, `settled`, … */
  readonly name: string;
  readonly facts: Readonly<Record<string, string | number>>;
}

/** The end of a call of the application, which may have taken several calls over HTTP. */
export interface CallReport {
  readonly type: "call";
  readonly method: string;
  /** The destination: `7`, `7/business`, `inline:id`. */
  readonly lane?: string;
  /** The update that the application was handling. */
  readonly update_id?: number;
  readonly worker: number;
  readonly outcome: "ok" | "refused" | "unknown" | "unsent";
  /** Milliseconds, with its waits and retries. */
  readonly duration: number;
}

export interface BotServer {
  readonly state: ServerState;
  /** Calls `listener` at each change of the state, until the returned function is called. */
  observe(listener: (state: ServerState) => void): () => void;
  /** Calls `listener` with every report, until the returned function is called. Without a listener no report is made. */
  watch(listener: (report: Report) => void): () => void;
  /** Kills the thread of a worker. @throws if there is no such worker */
  killWorker(worker: number): Promise<void>;
  /** Kills the process (SIGKILL), which is started again at once; starts it if it has ended. @throws if it is not apart */
  killServer(): Promise<void>;
  /** Loads the application anew. @throws the error of an application that does not start */
  reload(): Promise<void>;
}
