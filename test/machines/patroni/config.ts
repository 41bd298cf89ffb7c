/** The configuration of a node of Patroni. */

import { join } from "node:path";

export interface Ports {
  /** Of PostgreSQL and of Patroni's HTTP, as the node listens. */
  readonly postgres: number;
  readonly api: number;
  /** The same as others reach them. */
  readonly shownPostgres: number;
  readonly shownApi: number;
  /** Of etcd's members, as the node reaches them. */
  readonly etcd: readonly number[];
}

/**
 * How long a primary that is silent keeps its role, and how often a node looks: seconds. Patroni's documentation has 30, 10 and 10; these
 * are its least ttl, with looks to match.
 */
const DCS = { ttl: 20, loop_wait: 2, retry_timeout: 5 };

/** @returns what a file of JSON, and so of YAML, is to hold @param bin folder of PostgreSQL's programs */
export function configOf(name: string, folder: string, bin: string, ports: Ports): object {
  const local = (port: number) => `127.0.0.1:${port}`;
  return {
    scope: "bots",
    name,
    restapi: { listen: local(ports.api), connect_address: local(ports.shownApi) },
    // Without this, Patroni would go past the proxies: by the addresses that etcd's members tell.
    etcd3: { hosts: ports.etcd.map(local), use_proxies: true },
    bootstrap: {
      dcs: {
        ...DCS,
        // A commit waits for one standby, also while there is none.
        synchronous_mode: true,
        synchronous_mode_strict: true,
        postgresql: { use_pg_rewind: true, use_slots: true, parameters: { max_connections: 100 } },
      },
      initdb: ["data-checksums", { encoding: "UTF8" }, { locale: "C" }],
      pg_hba: ["host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust", "local all all trust"],
    },
    postgresql: {
      listen: local(ports.postgres),
      connect_address: local(ports.shownPostgres),
      data_dir: join(folder, "data"),
      bin_dir: bin,
      pgpass: join(folder, "pgpass"),
      basebackup: [{ checkpoint: "fast" }],
      authentication: { superuser: { username: "postgres" }, replication: { username: "replicator" } },
      parameters: {
        unix_socket_directories: folder,
        shared_buffers: "64MB",
        // The other standby's first try may come before its slot is there. By default its next one is 5 s later: commits wait for it.
        wal_retrieve_retry_interval: "500ms",
      },
    },
  };
}
