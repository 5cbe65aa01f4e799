import { expect, test } from "vitest";
import { RelayWorkload } from "../../../constructs/relay/relay-workload.ts";
import { bundleOf, NO_ARTIFACT } from "../hosts.ts";

test("a worker restarts where the cache's password or authority changes", () => {
  const ca = "/etc/soundstage/tls/ca.crt";
  const { manifest } = bundleOf(
    (host) =>
      new RelayWorkload(host, "workload", {
        host,
        release: NO_ARTIFACT,
        node: NO_ARTIFACT,
        ports: [3000],
        region: "eu",
        listeners: 100,
        redis: { address: "10.0.0.9", port: 6379, password: { env: "REDIS", version: 1 }, ca },
      }),
  );
  const { restart } = manifest.units.find(({ name }) => name === "soundstage-relay@3000.service") ?? {};
  expect(restart).toEqual(expect.arrayContaining(["/etc/soundstage/secrets/relay-redis", ca]));
});
