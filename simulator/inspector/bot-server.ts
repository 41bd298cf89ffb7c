/**
 * The server that runs the bot, as far as the simulator's page shows it and acts on it. The simulator declares this; asgigram implements it.
 * A bot that is started by other means has none: then the page shows what HTTP shows.
 */

/** A step of an update or a call on its way through the server. Times are milliseconds. */
export type Step =
  | { type: "received"; update_id: number; seq: number; scope: string }
  | { type: "posted"; update_id: number; seq: number; scope: string; worker: number; attempt: number; wait: number }
  | {
      type: "settled";
      update_id: number;
      worker: number;
      attempt: number;
      outcome: "settled" | "failed" | "dead_lettered";
      error?: string;
      duration: number;
    }
  | { type: "dead-letter"; update_id: number; cause: string }
  | {
      type: "call";
      method: string;
      /** The destination chat. */
      lane?: string;
      /** Of the update that the application was handling. */
      seq?: number;
      worker: number;
      outcome: "ok" | "refused" | "unknown" | "unsent";
      error?: string;
      /** With its wait in the lane and its retries. */
      duration: number;
    }
  | {
      type: "worker";
      worker: number;
      state: "ready" | "stalled" | "died" | "replaced";
      cause?: string;
      error?: string;
    };

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

export interface BotServer {
  readonly state: ServerState;
  /** Calls `listener` at each change of the state, until the returned function is called. */
  observe(listener: (state: ServerState) => void): () => void;
  /** Calls `listener` for every step, until the returned function is called. Without a listener no step is made. */
  watch(listener: (step: Step) => void): () => void;
  /** Kills the thread of a worker. @throws if there is no such worker */
  killWorker(worker: number): Promise<void>;
  /** Kills the process (SIGKILL), which is started again at once; starts it if it has ended. @throws if it is not apart */
  killServer(): Promise<void>;
  /** Loads the application anew. @throws the error of an application that does not start */
  reload(): Promise<void>;
}
