import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { Edge } from "../../constructs/edge/edge.ts";
import { Certificate } from "../../constructs/tls/certificate.ts";
import { AUTHORITY, bundleOf } from "../constructs/hosts.ts";
import { placeNginx } from "./nginx.ts";

const missing =
  spawnSync("nginx", ["-v"]).status === 0 ? "" : " (the Debian package nginx-light is not installed)";

describe.skipIf(missing)(`nginx -t takes without a word${missing}`, () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "names-"));
    const files = ["-keyout", join(folder, "host.key"), "-out", join(folder, "fullchain.pem")];
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    execFileSync("openssl", ["req", "-x509", ...key, ...files, "-subj", "/CN=example.test"], {
      stdio: "ignore",
    });
  });

  function complaints(names: readonly string[], settings: Record<string, string | number> = {}): string {
    const { texts } = bundleOf((host) => {
      const source = { privateCa: AUTHORITY };
      const certificate = new Certificate(host, "edge", { host, names: ["example.test"], source });
      new Edge(host, "site", { host, names, certificate, ports: [3000], settings });
    });
    const { stderr } = spawnSync("nginx", ["-t", "-c", placeNginx(texts, folder)], {
      encoding: "utf8",
    });
    // What the limits of this machine are is no fault of the files.
    return stderr
      .split("\n")
      .filter((line) => /\[(?:warn|emerg)\]/.test(line) && !/RLIMIT|open file/.test(line))
      .join("\n");
  }

  const long = "a".repeat(63);
  test.for([
    ["one name", ["example.test"]],
    ["a label of 63 characters", ["example.test", `${long}.example.test`]],
    ["a name of 253 characters", [`${long}.${long}.${long}.${"a".repeat(50)}.example.tes`]],
    [
      "90 names of 65 characters",
      Array.from({ length: 90 }, (_, n) => `${n}-${"b".repeat(50)}`.slice(0, 52).concat(".example.test")),
    ],
    ["2000 names", Array.from({ length: 2000 }, (_, n) => `n${n}.example.test`)],
    ["a name twice, as an edge's own", ["eu-1.edge.example.test", "eu-1.edge.example.test"]],
  ] as const)("%s", ([, names]) => {
    expect(complaints(names)).toBe("");
  });

  test.for([
    { worker_processes: "auto", keepalive_requests: 1_000_000_000, keepalive_timeout: "8760h" },
    { worker_processes: 1024, client_max_body_size: "1024g", send_timeout: "31536000000ms" },
    { worker_connections: 64, keepalive_requests: 1, client_max_body_size: 0, keepalive_timeout: 65 },
  ])("the settings %j", (settings) => {
    expect(complaints(["example.test"], settings as Record<string, string | number>)).toBe("");
  });
});
