// Hosts of every role but the database's leave a platform, and come back to it.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Testing } from "cdktf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { readBundle } from "../../bundle/reader.ts";
import { converge } from "../../converge/converge.ts";
import { loadPlatform } from "../../platform/load.ts";
import type { Artifacts } from "../../stacks/artifacts.ts";
import { RegionStack } from "../../stacks/region.ts";
import { artifactOf } from "../artifact.ts";
import { captured } from "./captured.ts";
import { Lab } from "./lab.ts";
import { writePlatform } from "./platform-file.ts";
import { labMissing } from "./requirements.ts";
import { must } from "./run.ts";

const missing = labMissing();
const LEAVING = ["edge-1", "cache-1"] as const;
const SECRETS = ["redis", "broadcast"];
/** Stands in for the relay's runtime: says that a worker is well, or waits as one. */
const RUNTIME = '#!/bin/sh\n[ "$1" != -e ] || exit 0\nexec sleep infinity\n';
/** Data of the hosts' services. */
const DUMP = "/var/lib/redis/before.rdb";
const ARCHIVE = "/var/lib/pgbackrest/archive/music/archive.info";

/** The others of the lab's region have rows, and no hosts: nothing is asked of them here. */
describe.skipIf(missing)(`hosts that retire${missing ? ` (${missing})` : ""}`, () => {
  let lab: Lab;
  let built: Artifacts;
  let platform: string;
  /** Of the hosts in service. */
  let serving: string;
  const said = captured();

  beforeAll(async () => {
    lab = await Lab.start({ hosts: LEAVING.map((name) => ({ name })) });
    platform = await writePlatform(lab);
    process.env.SOUNDSTAGE_PLATFORM = platform;
    const [node, release] = [join(lab.folder, "node"), join(lab.folder, "relay.tgz")];
    writeFileSync(node, RUNTIME);
    await must("tar", ["-czf", release, "-C", lab.folder, "node"]);
    built = { releases: new Map([["workspace", artifactOf(release)]]), node: artifactOf(node) };
    serving = output();
    // There is no database here of which a repository could be made.
    await lab
      .host("cache-1")
      .must(`mkdir -p ${ARCHIVE.replace(/\/[^/]*$/, "")}; echo "a backup" >${ARCHIVE}`);
  });
  afterAll(async () => {
    delete process.env.SOUNDSTAGE_PLATFORM;
    await lab?.stop();
  });

  /** Where they retire, another host takes over what the region needs. */
  function output(retire?: true | "purge"): string {
    const document = parseDocument(readFileSync(platform, "utf8"));
    const hosts = ["regions", "lab", "hosts"];
    if (retire) {
      const other = document.getIn([...hosts, "cache-1"]) as { toJSON(): object };
      const place = { address: "192.0.2.32", private: "10.255.0.32" };
      document.setIn([...hosts, "cache-2"], document.createNode({ ...other.toJSON(), ...place }));
      for (const name of LEAVING) document.setIn([...hosts, name, "retire"], retire);
    }
    const stack = new RegionStack(Testing.app(), "region-lab", {
      platform: loadPlatform(document.toString(), { file: platform }).platform,
      source: "../platform.yaml",
      region: "lab",
      artifacts: built,
    });
    return Testing.fullSynth(stack);
  }

  async function applied(out: string): Promise<string> {
    await lab.assertUp();
    const code = await converge({ output: out, stack: "region-lab", hosts: [...LEAVING] });
    const text = said.splice(0).join("\n");
    expect(code, text).toBe(0);
    return text;
  }

  const manifest = (name: string) => readBundle(serving, "region-lab", name).manifest;
  const ask = async (name: string, command: string) => (await lab.host(name).exec(command)).stdout;
  const started = (name: string) =>
    manifest(name)
      .units.filter(({ state }) => state === "started")
      .map((unit) => unit.name);

  /** Units that run, or will after a restart. */
  async function running(name: string): Promise<string[]> {
    const units = started(name);
    const asked = `for unit in ${units.join(" ")}; do systemctl is-active $unit; systemctl is-enabled $unit 2>/dev/null || echo; done`;
    const answers = (await ask(name, asked)).trimEnd().split("\n");
    return units.filter((_, n) => answers[2 * n] === "active" || answers[2 * n + 1] === "enabled");
  }

  /** What the bundle put there, or its actions made, and is still there as it was. */
  async function left(name: string): Promise<string[]> {
    const { files, archives, secrets, produces = [] } = manifest(name);
    const paths = [...archives, ...secrets].map(({ path }) => path).concat(produces);
    const there = await ask(name, `ls -d ${paths.join(" ")} 2>/dev/null`);
    // What a package had in the place of a file of ours has come back.
    const sums = files.map(({ sha256, path }) => `${sha256}  ${path}\n`).join("");
    const same = await lab
      .host(name)
      .exec("sha256sum --check 2>/dev/null | sed -n 's/: OK$//p'", { input: sums });
    return (there + same.stdout).split("\n").filter(Boolean);
  }

  /** Files anywhere on the host that hold one of our secrets, or a private key that is not its sshd's. */
  async function disclosed(name: string): Promise<string[]> {
    const values = SECRETS.map((secret) => readFileSync(join(lab.folder, "secrets", secret), "utf8"));
    const patterns = [...values, "^-----BEGIN ([A-Z]+ )?PRIVATE KEY-----$"].join("\n");
    const search = "grep -rlsE -f - /etc /var /opt /srv /home /tmp | grep -v -e ^/etc/ssh/ -e snakeoil";
    const { stdout } = await lab.host(name).exec(search, { input: patterns });
    return stdout.split("\n").filter(Boolean);
  }

  const data = () => ask("cache-1", `cat ${DUMP} ${ARCHIVE}`);

  test("an edge with its relay and a cache with the backups leave in one run: only data stays", async () => {
    await applied(serving);
    await lab.host("cache-1").must(`echo "a dump" >${DUMP}`);
    for (const name of LEAVING) {
      expect(await running(name)).toEqual(started(name));
      expect([await left(name), await disclosed(name)]).not.toContainEqual([]);
    }
    const out = output(true);
    const shown = await applied(out);
    expect(shown).toMatch(/^cache-1 +data +\/var\/lib\/pgbackrest kept, \/var\/lib\/redis kept$/m);
    for (const name of LEAVING) {
      expect(shown).toMatch(new RegExp(`^${name} +retired +data kept$`, "m"));
      expect([await running(name), await left(name), await disclosed(name)]).toEqual([[], [], []]);
      // Nor is there a way back to what it was.
      expect((await ask(name, "ls /var/lib/soundstage/generations")).split("\n").length).toBe(3);
    }
    expect(shown).toMatch(/^0 same, 2 changed, 0 failed/m);
    expect(await data()).toBe("a dump\na backup\n");
    expect(await applied(out)).toMatch(/^2 same, 0 changed, 0 failed/m);
  });

  test("where it is taken back they serve as before, with their data", async () => {
    await applied(serving);
    for (const name of LEAVING) expect(await running(name)).toEqual(started(name));
    expect(await data()).toBe("a dump\na backup\n");
    expect(await applied(serving)).toMatch(/^2 same, 0 changed, 0 failed/m);
  });

  test("with `purge` the data goes too", async () => {
    const shown = await applied(output("purge"));
    expect(shown).toMatch(/^cache-1 +data +\/var\/lib\/pgbackrest purged, \/var\/lib\/redis purged$/m);
    for (const name of LEAVING) {
      expect(shown).toMatch(new RegExp(`^${name} +retired +data purged$`, "m"));
      expect([await running(name), await left(name), await disclosed(name)]).toEqual([[], [], []]);
    }
    expect(await ask("cache-1", "ls -d /var/lib/redis /var/lib/pgbackrest")).toBe("");
  });
});
