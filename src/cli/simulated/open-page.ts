/** Opens the simulator's page in the user's browser. */

import { spawn } from "node:child_process";

/** The command by platform; elsewhere that of freedesktop.org. */
const COMMANDS: { readonly [platform: string]: readonly [string, ...string[]] } = {
  darwin: ["open"],
  win32: ["cmd", "/c", "start", ""],
};

/** @param onError is told that there is no such command */
export function openPage(url: string, env: NodeJS.ProcessEnv, onError: (error: Error) => void): void {
  const [command, ...args] = COMMANDS[process.platform] ?? ["xdg-open"];
  const child = spawn(command, [...args, url], { env, stdio: "ignore", detached: true });
  child.once("error", onError);
  child.unref();
}
