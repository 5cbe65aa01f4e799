import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { readRegion } from "../../../bundle/reader.ts";
import { Converge } from "../../../constructs/host/converge.ts";
import { Host } from "../../../constructs/host/host.ts";
import { UnreachableFault } from "../../../converge/fault.ts";
import { doctor } from "../../../converge/look/doctor.ts";
import { Remote } from "../../../converge/script/remote.ts";
import { synthOutput } from "../../constructs/synth.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

test("hosts are examined by name, and one that is not reached is tried by hand with what is below it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "doctor-"));
  vi.stubEnv("SOUNDSTAGE_PLATFORM", join(folder, "platform.yaml"));
  const output = synthOutput((stack) => {
    const hosts = ["a", "b"].map((name, index) => {
      const ssh = { address: `192.0.2.${index}`, ports: [2222], user: "root", identity: "key" };
      const kernel = "shared" as const;
      return new Host(stack, name, { transport: { ssh }, kernel, cpus: 1, memory: 512 });
    });
    new Converge(stack, "converge", { stack: "eu", hosts });
  }, "eu");
  expect(readRegion(output, "eu").hosts[1]).toMatchObject({ host: "b", kernel: "shared" });
  vi.spyOn(Remote, "connect").mockRejectedValue(new UnreachableFault("gone"));
  const said: string[] = [];
  vi.spyOn(console, "log").mockImplementation((text) => void said.push(String(text)));
  const platform = { file: "platform.yaml" };
  expect(await doctor({ output, stack: ["eu"], hosts: ["b"], json: true, platform })).toBe(1);
  const found: { where: string }[] = JSON.parse(said.join("")).findings;
  expect(found.filter(({ where }) => where !== "here")).toEqual([
    {
      where: "b",
      what: "ssh",
      ok: false,
      found: "gone",
      fix: `ssh -v -p 2222 -i ${join(folder, "key")} root@192.0.2.1`,
    },
  ]);
  await expect(doctor({ output, stack: ["eu"], hosts: ["c"], platform })).rejects.toThrow("eu has no host c");
});

test("a stack of folders is examined as well", async () => {
  const folder = mkdtempSync(join(tmpdir(), "doctor-"));
  vi.stubEnv("SOUNDSTAGE_PLATFORM", join(folder, "platform.yaml"));
  const output = synthOutput((stack) => {
    const host = new Host(stack, "here", { transport: { directory: "root" }, cpus: 1, memory: 512 });
    new Converge(stack, "converge", { stack: "local", hosts: [host] });
  }, "local");
  const said: string[] = [];
  vi.spyOn(console, "log").mockImplementation((text) => void said.push(String(text)));
  expect(await doctor({ output, stack: ["local"], json: true, platform: { file: "platform.yaml" } })).toBe(1);
  expect(JSON.parse(said.join("")).findings).toContainEqual({
    where: "here",
    what: "processes",
    ok: false,
    found: `${join(folder, "root")}: nothing of it runs`,
    fix: "soundstage apply --stack local",
  });
});
