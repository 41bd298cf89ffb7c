/** A self-signed certificate, made by openssl for this run, for servers on loopback in the tests. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class Certificate implements Disposable {
  readonly key: string;
  readonly cert: string;
  /** A file with the certificate, for NODE_EXTRA_CA_CERTS. */
  readonly path: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "asgigram-certificate-"));

  /** @param names host names; it is also valid for the loopback addresses */
  constructor(...names: string[]) {
    const key = join(this.#folder, "key.pem");
    this.path = join(this.#folder, "cert.pem");
    const alternatives = [...names.map((name) => `DNS:${name}`), "DNS:localhost", "IP:127.0.0.1", "IP:::1"];
    execFileSync(
      "openssl",
      [
        ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
        ["-subj", `/CN=${names[0] ?? "localhost"}`, "-addext", `subjectAltName=${alternatives}`],
        ["-keyout", key, "-out", this.path],
      ].flat(),
      { stdio: "ignore" },
    );
    this.key = readFileSync(key, "utf8");
    this.cert = readFileSync(this.path, "utf8");
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}
