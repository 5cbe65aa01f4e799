import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { EdgeProps } from "../../constructs/edge/edge.ts";
import { edgeFiles, nginxMissing as missing, placeNginx, signEdge } from "./nginx.ts";

describe.skipIf(missing)(`nginx -t takes without a word${missing}`, () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "names-"));
    signEdge(folder);
  });

  function complaints(names: readonly string[], settings: EdgeProps["settings"] = {}): string {
    const { stderr } = spawnSync("nginx", ["-t", "-c", placeNginx(edgeFiles({ names, settings }), folder)], {
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
