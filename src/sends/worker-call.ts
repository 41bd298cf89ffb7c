/** One call of a worker: goes through the outbox, and posts its outcome back to the worker under the call's id. */

import type { Transferable } from "node:worker_threads";
import type { Diagnostics, SendingPlace } from "../observe/diagnostics.ts";
