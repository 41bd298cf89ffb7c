/** The calls that several machines may make together: `--rate-limit`, in calls a second. */
export interface CallBudget {
  /** Over all machines. */
  readonly rate: number;
  /** Calls in a second that this machine would make if nothing held them up. */
  demand(): number;
  /** From now on this machine makes no more than so many. */
  granted(rate: number): void;
}
