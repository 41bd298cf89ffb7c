/** Three members of etcd on loopback, which tell Patroni's nodes who is the primary. */

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { startChild } from "../../child.ts";
import { eventually } from "../../eventually.ts";
import { freePort } from "../../network/free-port.ts";
import { USER } from "../../postgres/binaries.ts";
import { programOf } from "../debian-program.ts";

interface Member {
  readonly name: string;
  readonly port: number;
  readonly peerPort: number;
  process?: ChildProcess;
}

export class Etcd implements AsyncDisposable {
  readonly #folder: string;
  readonly #program: string;
  readonly #members: readonly Member[];

  private constructor(folder: string, program: string, members: readonly Member[]) {
    this.#folder = folder;
    this.#program = program;
    this.#members = members;
  }

  /** @param folder that the user of the programs may write to */
  static async start(folder: string): Promise<Etcd> {
    const program = programOf("etcd", "etcd-server");
    const members: Member[] = [];
    for (const name of ["etcd1", "etcd2", "etcd3"])
      members.push({ name, port: await freePort(), peerPort: await freePort() });
    const etcd = new Etcd(folder, program, members);
    for (const member of members) etcd.#run(member);
    await eventually(
      () => etcd.#leader(),
      () => etcd.#members.map(({ name }) => name),
    );
    return etcd;
  }

  /** Ports for clients. */
  get ports(): readonly number[] {
    return this.#members.map(({ port }) => port);
  }

  /** Ends the leader as a crash does, and waits for another one. @returns how to start it again */
  async killLeader(): Promise<() => Promise<void>> {
    const leader = await eventually(
      () => this.#leader(),
      () => this.#members.map(({ name }) => name),
    );
    const ended = once(leader.process!, "exit");
    leader.process!.kill("SIGKILL");
    await ended;
    const other = await eventually(
      () => this.#leader(),
      () => this.#members.map(({ name }) => name),
    );
    console.log(`  etcd's leader is ${other.name} instead of ${leader.name}`);
    return async () => {
      this.#run(leader);
      await eventually(
        () => statusOf(leader),
        () => leader.name,
      );
    };
  }

  #run(member: Member): void {
    const { name, port, peerPort } = member;
    const url = (port: number) => `http://127.0.0.1:${port}`;
    const args = {
      name,
      "data-dir": `${this.#folder}/${name}`,
      "listen-client-urls": url(port),
      "advertise-client-urls": url(port),
      "listen-peer-urls": url(peerPort),
      "initial-advertise-peer-urls": url(peerPort),
      "initial-cluster": this.#members.map((one) => `${one.name}=${url(one.peerPort)}`).join(),
    };
    const words = Object.entries(args).flatMap(([flag, value]) => [`--${flag}`, value]);
    member.process = startChild(this.#program, words, { ...USER, cwd: this.#folder, stdio: "ignore" });
  }

  async #leader(): Promise<Member | undefined> {
    for (const member of this.#members) {
      const status = await statusOf(member);
      if (status !== undefined && status.leader === status.header.member_id) return member;
    }
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.#members.map(async ({ process: child }) => {
        if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
        const ended = once(child, "exit");
        child.kill("SIGKILL");
        await ended;
      }),
    );
  }
}

interface Status {
  readonly header: { readonly member_id: string };
  readonly leader?: string;
}

/** @returns undefined if it does not answer */
async function statusOf({ port }: Member): Promise<Status | undefined> {
  const url = `http://127.0.0.1:${port}/v3/maintenance/status`;
  const answer = await fetch(url, { method: "POST", body: "{}" }).catch(() => undefined);
  return answer?.ok ? ((await answer.json()) as Status) : undefined;
}
