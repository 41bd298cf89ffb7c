import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { readMachine, readQuota, usefulThreads } from "../../src/config/machine.ts";
import { Folder } from "../folder.ts";

/** A root of the file system with these files. */
function root(files: Record<string, string>): Folder {
  const folder = new Folder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(folder.join(name)), { recursive: true });
    folder.write(name, content);
  }
  return folder;
}

const QUOTAS: { [what: string]: { files: Record<string, string>; is: number | undefined } } = {
  "version 2, in a container": { files: { "sys/fs/cgroup/cpu.max": "50000 100000\n" }, is: 0.5 },
  "version 2, in a group of its own": {
    files: {
      "proc/self/cgroup": "0::/system.slice/bot.service\n",
      "sys/fs/cgroup/system.slice/bot.service/cpu.max": "150000 100000\n",
      "sys/fs/cgroup/cpu.max": "max 100000\n",
    },
    is: 1.5,
  },
  "version 2, of a slice above": {
    files: {
      "proc/self/cgroup": "0::/bots.slice/bots-echo.slice/echo.service\n",
      "sys/fs/cgroup/bots.slice/cpu.max": "75000 100000\n",
      "sys/fs/cgroup/bots.slice/bots-echo.slice/cpu.max": "50000 100000\n",
      "sys/fs/cgroup/bots.slice/bots-echo.slice/echo.service/cpu.max": "max 100000\n",
    },
    is: 0.5,
  },
  "version 2, of a slice above that grants less than the own group": {
    files: {
      "proc/self/cgroup": "0::/bots.slice/echo.service\n",
      "sys/fs/cgroup/bots.slice/cpu.max": "75000 100000\n",
      "sys/fs/cgroup/bots.slice/echo.service/cpu.max": "400000 100000\n",
    },
    is: 0.75,
  },
  "version 2, without a quota": { files: { "sys/fs/cgroup/cpu.max": "max 100000\n" }, is: undefined },
  "version 1": {
    files: {
      "proc/self/cgroup": "5:memory:/docker/1\n4:cpu,cpuacct:/docker/1\n",
      "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "200000\n",
      "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
    },
    is: 2,
  },
  "version 1, of a pod": {
    files: {
      "proc/self/cgroup": "4:cpu,cpuacct:/kubepods/pod1/2\n",
      "sys/fs/cgroup/cpu/kubepods/pod1/cpu.cfs_quota_us": "150000\n",
      "sys/fs/cgroup/cpu/kubepods/pod1/cpu.cfs_period_us": "100000\n",
      "sys/fs/cgroup/cpu/kubepods/pod1/2/cpu.cfs_quota_us": "-1\n",
      "sys/fs/cgroup/cpu/kubepods/pod1/2/cpu.cfs_period_us": "100000\n",
    },
    is: 1.5,
  },
  "version 1, without a quota": {
    files: { "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n" },
    is: undefined,
  },
  "no control groups": { files: {}, is: undefined },
};

for (const [what, { files, is }] of Object.entries(QUOTAS)) {
  test(`the CPU quota is read: ${what}`, () => {
    using folder = root(files);
    assert.equal(readQuota(folder.path), is);
  });
}

test("no more threads are useful than the quota grants, and never less than one", () => {
  assert.equal(usefulThreads({ cores: 8, quota: undefined }), 8);
  assert.equal(usefulThreads({ cores: 8, quota: 1.5 }), 2);
  assert.equal(usefulThreads({ cores: 8, quota: 0.25 }), 1);
  assert.equal(usefulThreads({ cores: 1, quota: 4 }), 1);
});

test("this machine has processors", () => {
  assert.ok(readMachine().cores >= 1);
});
