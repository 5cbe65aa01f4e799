import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { stringify } from "yaml";
import type { Action } from "../../bundle/manifest.ts";
import { freePort } from "../../relay/test/port.ts";
import { cluster } from "../constructs/database/cluster.ts";

const lacks = ["etcd", "etcdctl", "patronictl"].filter(
  (program) => spawnSync("sh", ["-c", `command -v ${program}`]).status !== 0,
);
const missing = lacks.length > 0 ? ` (${lacks.join(", ")} is not installed)` : "";

describe.skipIf(lacks.length > 0)(`a cluster's settings in etcd, by patronictl${missing}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "settings-"));
  // Debian's python3 has what Patroni needs.
  const env = { ...process.env, PATH: `/usr/bin:${process.env.PATH}`, ETCDCTL_API: "3" };
  let etcd: ChildProcess;
  let endpoint: string;
  const run = (program: string, ...args: string[]) => spawnSync(program, args, { encoding: "utf8", env });
  const put = (key: string, value: string) =>
    run("etcdctl", `--endpoints=${endpoint}`, "put", `/service/music/${key}`, value);
  const patronictl = (...args: string[]) => run("patronictl", "-c", join(folder, "conf.d"), ...args);
  const held = () => patronictl("show-config").stdout;

  beforeAll(async () => {
    const [client, peer] = [await freePort(), await freePort()];
    endpoint = `http://127.0.0.1:${client}`;
    etcd = spawn(
      "etcd",
      [
        ...["--data-dir", join(folder, "etcd"), "--listen-client-urls", endpoint],
        ...["--advertise-client-urls", endpoint, "--listen-peer-urls", `http://127.0.0.1:${peer}`],
      ],
      { stdio: "ignore" },
    );
    await vi.waitFor(() => expect(put("initialize", "7").status).toBe(0), { timeout: 15_000, interval: 200 });
    const file = { scope: "music", namespace: "/service/", etcd3: { hosts: [`127.0.0.1:${client}`] } };
    mkdirSync(join(folder, "conf.d"));
    writeFileSync(join(folder, "conf.d", "10-member.yml"), stringify(file));
  });
  afterAll(() => {
    etcd?.kill("SIGINT");
  });

  /** What a member does about settings of the cluster. */
  function member(postgresql: Readonly<Record<string, string | number | boolean>>) {
    const { manifest, texts } = cluster({ postgresql })("db-1").bundle();
    const action = manifest.actions.find(({ id }) => id === "dcs-settings") as Action;
    writeFileSync(join(folder, "dcs.json"), texts.get("/etc/patroni/dcs.json") as string);
    const script = (text: string) => run("sh", "-euc", text.replaceAll("/etc/patroni", folder));
    return { check: () => script(action.check).status, apply: () => script(action.apply) };
  }

  test("a setting that is taken out of the platform leaves the cluster; an operator's own stays", () => {
    put("config", JSON.stringify({ ttl: 30, pause: true, slots: { analytics: { type: "physical" } } }));
    const before = member({ log_min_duration_statement: 500 });
    expect(before.check()).toBe(1);
    expect(before.apply().status).toBe(0);
    expect(before.check()).toBe(0);
    expect(held()).toMatch(/^ {4}log_min_duration_statement: 500$/m);
    patronictl("edit-config", "--force", "-s", "synchronous_node_count=2");

    const after = member({});
    expect(after.check()).toBe(1);
    const { status, stderr } = after.apply();
    expect([status, stderr]).toEqual([0, ""]);
    expect(after.check()).toBe(0);
    const left = held();
    expect(left).not.toMatch(/log_min_duration_statement|synchronous_node_count|null/);
    expect(left).toMatch(/^pause: true$/m);
    expect(left).toMatch(/^slots:\n {2}analytics:\n {4}type: physical$/m);
    // Each call of patronictl takes a second, and several on a busy machine.
  }, 120_000);
});
