import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { Converge } from "../../../constructs/host/converge.ts";
import { Host } from "../../../constructs/host/host.ts";
import { doctor } from "../../../converge/look/doctor.ts";
import { synthOutput } from "../../constructs/synth.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
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
