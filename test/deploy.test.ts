/** The Dockerfile, the files of Compose and those of docs/deploy agree with the options of asgigram, and with one another. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { parse, parseAllDocuments } from "yaml";
import { parseAddress } from "../src/config/listen-address.ts";
import { environmentOf, OPTION_KEYS, OPTIONS } from "../src/config/options.ts";
import { resolveSettings } from "../src/config/settings.ts";
import { Metrics } from "../src/observe/metrics.ts";
import { StatusServer } from "../src/observe/status-server.ts";
import { HEALTHY } from "./observe/healthy-status.ts";

const VARIABLES = new Set(OPTION_KEYS.map(environmentOf));

/** The seconds that each file allows a server to stop. */
const GRACE = {
  "compose.yaml": /stop_grace_period: (\d+)s$/m,
  "docs/deploy/compose.machines.yaml": /stop_grace_period: (\d+)s$/m,
  "docs/deploy/kubernetes.yaml": /terminationGracePeriodSeconds: (\d+)$/m,
  "docs/deploy/kubernetes.machines.yaml": /terminationGracePeriodSeconds: (\d+)$/m,
  "docs/deploy/asgigram.service": /^TimeoutStopSec=(\d+)$/m,
};

for (const file of ["Dockerfile", ...Object.keys(GRACE)]) {
  test(`every ASGIGRAM_ variable in ${file} belongs to an option`, async () => {
    const variables = (await read(file)).match(/\bASGIGRAM_\w+/g) ?? [];
    assert.ok(variables.length > 0);
    assert.deepEqual(
      variables.filter((name) => !VARIABLES.has(name)),
      [],
    );
  });
}

for (const [file, pattern] of Object.entries(GRACE)) {
  test(`${file} allows more time to stop than --shutdown-timeout`, async () => {
    const text = await read(file);
    const [, timeout = OPTIONS.shutdownTimeout.default] = /ASGIGRAM_SHUTDOWN_TIMEOUT\s+value: "(\d+)"/.exec(text) ?? [];
    const [, seconds] = pattern.exec(text)!;
    assert.ok(Number(seconds) > Number(timeout));
  });
}

describe("the files of Compose", () => {
  for (const file of ["compose.yaml", "docs/deploy/compose.machines.yaml"]) {
    test(`${file} is YAML, and each server has the file of the token`, async () => {
      const { services, secrets } = parse(await read(file), { merge: true });
      const servers = Object.values<Compose>(services).filter(({ image }) => image?.startsWith("postgres") !== true);
      assert.ok(servers.length > 0);
      for (const { environment } of servers) assert.equal(environment.ASGIGRAM_TOKEN_FILE, "/run/secrets/token");
      assert.ok("token" in secrets);
    });
  }
});

interface Compose {
  readonly image?: string;
  readonly environment: Readonly<Record<string, string>>;
}

for (const file of ["docs/deploy/kubernetes.yaml", "docs/deploy/kubernetes.machines.yaml"]) {
  describe(file, () => {
    test("each variable has a value that its option takes", async () => {
      const { env } = await deployment(file);
      const files = new Set(["ASGIGRAM_TOKEN_FILE"]);
      const given = env.filter(({ name, value }) => value !== undefined && !files.has(name));
      const variables = Object.fromEntries(given.map(({ name, value }) => [name, value!]));
      const { warnings } = await resolveSettings({ env: variables, cwd: "/" });
      // The machine of the test may have fewer processors.
      assert.deepEqual(
        warnings.filter((text) => !text.includes("CPU quota")),
        [],
      );
    });

    test("each probe asks the port of --listen for a page that is there", async (t) => {
      const { env, container } = await deployment(file);
      const { port } = parseAddress(env.find(({ name }) => name === "ASGIGRAM_LISTEN")!.value!);
      const ports = new Map(container.ports.map(({ name, containerPort }) => [name, containerPort]));
      const status = () => HEALTHY;
      const server = await StatusServer.listen({ host: "127.0.0.1", port: 0, status, metrics: new Metrics(0, status) });
      t.after(() => server.close());
      for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe]) {
        assert.equal(ports.get(probe.httpGet.port), port);
        assert.equal((await fetch(server.url + probe.httpGet.path)).status, 200);
      }
    });

    test("each label that is looked for is that of the pods, and each mounted volume is there", async () => {
      const { documents, template, container, spec } = await deployment(file);
      const { labels } = template.metadata;
      const selectors = documents.flatMap(({ spec }) => spec.selector ?? []);
      assert.ok(selectors.includes(spec.selector!));
      for (const { matchLabels } of selectors) assert.deepEqual(matchLabels, labels);
      for (const { labelSelector } of template.spec.topologySpreadConstraints ?? []) {
        assert.deepEqual(labelSelector.matchLabels, labels);
      }
      const volumes = template.spec.volumes.map(({ name }) => name);
      assert.deepEqual(
        container.volumeMounts.map(({ name }) => name),
        volumes,
      );
      const paths = container.volumeMounts.map(({ mountPath }) => mountPath);
      const used = container.env.flatMap(({ value }) => value?.match(/\/run\/secrets\/[\w-]+(?=\/)/g) ?? []);
      assert.ok(used.length > 0 && used.every((folder) => paths.includes(folder)));
    });
  });
}

test("docs/deploy/kubernetes.machines.yaml takes its pods down one at a time", async () => {
  const { documents, spec } = await deployment("docs/deploy/kubernetes.machines.yaml");
  const budget = documents.find(({ kind }) => kind === "PodDisruptionBudget")!;
  assert.deepEqual(
    [spec.replicas, spec.strategy.rollingUpdate, budget.spec.maxUnavailable],
    [3, { maxSurge: 1, maxUnavailable: 0 }, 1],
  );
});

/** The parts of a Deployment that are looked at. */
interface Manifest {
  readonly kind: string;
  readonly spec: {
    readonly replicas: number;
    readonly strategy: { readonly rollingUpdate?: object };
    readonly maxUnavailable?: number;
    readonly selector?: Selector;
    readonly template: Template;
  };
}

interface Selector {
  readonly matchLabels: object;
}

interface Template {
  readonly metadata: { readonly labels: object };
  readonly spec: {
    readonly containers: readonly [Container];
    readonly volumes: readonly { readonly name: string }[];
    readonly topologySpreadConstraints?: readonly { readonly labelSelector: Selector }[];
  };
}

interface Container {
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

async function deployment(file: string) {
  const documents = parseAllDocuments(await read(file)).map((document) => {
    assert.deepEqual([...document.errors, ...document.warnings], []);
    return document.toJS() as Manifest;
  });
  const { spec } = documents.find(({ kind }) => kind === "Deployment")!;
  const { template } = spec;
  const [container] = template.spec.containers;
  return { documents, spec, template, container, env: container.env };
}

function read(file: string): Promise<string> {
  return readFile(new URL(`../${file}`, import.meta.url), "utf8");
}
