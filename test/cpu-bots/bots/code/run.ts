/** Runs code in QuickJS, which has no access to Node.js. It blocks its thread. */

import { getQuickJS } from "quickjs-emscripten";

const quickjs = await getQuickJS();

export function run(code: string): string {
  using vm = quickjs.newContext();
  vm.runtime.setMemoryLimit(32 * 1024 * 1024);
  using value = vm.unwrapResult(vm.evalCode(code));
  return `${vm.dump(value)}`;
}
