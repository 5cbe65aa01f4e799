import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PackagesLock } from "../../bundle/packages-lock.ts";
import { Converge } from "../../constructs/host/converge.ts";
import { converge } from "../../converge/converge.ts";
import { lockPackages } from "../../converge/packages.ts";
import { synthOutput } from "../constructs/synth.ts";
import { captured } from "./captured.ts";
import { Lab } from "./lab.ts";
import { labHost } from "./lab-host.ts";
import { offer } from "./repository.ts";
import { labMissing } from "./requirements.ts";
import { must } from "./run.ts";

const missing = labMissing();
const NAME = "lab-tool";

describe.skipIf(missing)(`packages${missing ? ` (${missing})` : ""}`, () => {
  let lab: Lab;
  const said = captured();

  beforeAll(async () => {
    lab = await Lab.start({ hosts: [{ name: "one" }, { name: "two" }] });
    process.env.SOUNDSTAGE_PLATFORM = join(lab.folder, "platform.yaml");
    await offer(lab.host("one"), NAME, ["1.0"]);
    await offer(lab.host("two"), NAME, ["1.0"]);
  });
  afterAll(async () => {
    await lab?.stop();
  });

  function output(lock: PackagesLock = {}, page = ""): string {
    return synthOutput((stack) => {
      const hosts = ["one", "two"].map((name) => {
        const { address, hostKey } = lab.host(name);
        const host = labHost(stack, name, { address, hostKey }, { lock });
        host.package(stack, NAME);
        host.file(stack, "/etc/page", { content: `${page}\n` });
        return host;
      });
      new Converge(stack, "converge", { stack: "test", hosts });
    });
  }

  const apply = (lock?: PackagesLock, hosts: string[] = [], page?: string) =>
    converge({ output: output(lock, page), stack: "test", hosts });
  const pin = (version: string) => ({ bookworm: { [NAME]: version } });
  const has = (name = "one") =>
    lab.host(name).must(`dpkg-query -W -f '\${db:Status-Want} \${Version}' ${NAME}`);
  const lockFile = () => readFileSync(join(lab.folder, "packages.lock"), "utf8");

  test("what hosts have is what the lock pins", async () => {
    expect([await apply(), said]).toEqual([0, expect.anything()]);
    const lock = ["packages", "lock", "--stack", "test", "--output", output()];
    await must(process.execPath, ["--import", "tsx", "bin/soundstage.ts", ...lock]);
    expect(lockFile()).toBe(`{\n  "bookworm": {\n    "${NAME}": "1.0"\n  }\n}\n`);
    expect(await has()).toBe("install 1.0");
    expect(await lab.host("one").must("cat /root/calls")).toBe("l\n");
  });

  test("what is pinned is held without asking a mirror, and its version is recorded", async () => {
    const host = lab.host("one");
    await host.must("apt-mark hold base-files && mv /usr/bin/apt-get /usr/bin/apt-get.away");
    expect([await apply(pin("1.0"), ["one"]), said]).toEqual([0, expect.anything()]);
    await host.must("mv /usr/bin/apt-get.away /usr/bin/apt-get");
    expect(await has()).toBe("hold 1.0");
    expect(await host.must("cat /var/lib/soundstage/current/packages")).toBe(`${NAME} 1.0\n`);
    await offer(host, NAME, ["1.0", "2.0", "2.1"]);
    await host.must("apt-get -qq update && apt-get -qq -y upgrade");
    expect(await has()).toBe("hold 1.0");
  });

  test("another pin is installed, newer or older, and held again", async () => {
    for (const version of ["2.0", "1.0", "2.0"]) {
      expect(await apply(pin(version), ["one"])).toBe(0);
      expect(await has()).toBe(`hold ${version}`);
    }
    said.splice(0);
    expect(await apply(pin("2.0"), ["one"])).toBe(0);
    expect(said[0]).toMatch(/^one +same/);
  });

  test("hosts that differ are locked only by name", async () => {
    expect(await apply({}, ["two"])).toBe(0);
    await expect(lockPackages({ output: output(), hosts: [] })).rejects.toThrow(
      `${NAME} is 2.0 on one and 1.0 on two`,
    );
    expect(lockFile()).toContain('"1.0"');
    await lockPackages({ output: output(), stack: "test", hosts: ["one"] });
    expect(lockFile()).toContain('"2.0"');
  });

  test("a hold that somebody took off is drift, and is mended", async () => {
    await lab.host("one").must(`apt-mark unhold ${NAME}`);
    expect(await apply(pin("2.0"), ["one"])).toBe(0);
    expect(said.join("\n")).toMatch(new RegExp(`one +drift +package ${NAME} is not held`));
    expect(await has()).toBe("hold 2.0");
  });

  test("a version that the mirror has no more is refused, with those that it has; nothing is changed", async () => {
    expect(await apply(pin("3.0"), ["one"], "changed")).toBe(1);
    expect(said.join("\n")).toContain(
      `the mirror has no ${NAME}=3.0, it has 1.0 2.0 2.1: change packages.lock`,
    );
    expect(await has()).toBe("hold 2.0");
    expect(await lab.host("one").must("cat /etc/page")).toBe("\n");
  });

  test("what is pinned no more is let go; what an operator holds stays held", async () => {
    expect(await apply({}, ["one"])).toBe(0);
    expect(await has()).toBe("install 2.0");
    expect(await lab.host("one").must("apt-mark showhold")).toBe("base-files\n");
  });
});
