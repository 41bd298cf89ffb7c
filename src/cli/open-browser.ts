/** Opens an address in the browser. */

import { spawn } from "node:child_process";

const COMMANDS: { readonly [platform in NodeJS.Platform]?: readonly [string, ...string[]] } = {
  darwin: ["open"],
  win32: ["cmd", "/c", "start", ""],
};

/** @param failed takes the reason if it cannot be opened */
export function openBrowser(url: string, failed: (reason: string) => void): void {
  const [command, ...args] = COMMANDS[process.platform] ?? ["xdg-open"];
  const opening = spawn(command, [...args, url], { stdio: "ignore", detached: true });
  opening.once("error", ({ message }) => failed(message));
  opening.unref();
}
