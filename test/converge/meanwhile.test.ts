// An output that is synthesized anew while a run reads it.
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readRegion } from "../../bundle/reader.ts";
import { Converge } from "../../constructs/host/converge.ts";
import { Host } from "../../constructs/host/host.ts";
import { PlainReport } from "../../converge/report/report.ts";
import { RunLog } from "../../converge/report/run-log.ts";
import { convergeRegion } from "../../converge/run/region.ts";
import { MACHINE } from "../constructs/hosts.ts";
import { synthOutput } from "../constructs/synth.ts";

/** A host in TEST-NET-1, whose secret is had by a command. */
const outputOf = (text: string, command: readonly string[]) =>
  synthOutput((stack) => {
    const host = new Host(stack, "one", MACHINE);
    host.file(stack, "/etc/x", { content: text });
    host.secret(stack, "/etc/y", { parts: [{ command, version: 1 }] });
    new Converge(stack, "converge", { stack: "test", hosts: [host] });
  });

test("a bundle that became another one during the run is refused before its host is reached", async () => {
  const folder = mkdtempSync(join(tmpdir(), "meanwhile-"));
  const [now, later] = [join(folder, "now"), join(folder, "later")];
  // The first thing that a run does is to ask for secrets: then the other output comes in its place.
  const command = ["sh", "-c", `cp -r ${later}/. ${now}; echo secret`];
  cpSync(outputOf("first\n", command), now, { recursive: true });
  cpSync(outputOf("second\n", command), later, { recursive: true });
  const said: string[] = [];
  const report = new PlainReport(new RunLog(now, new Map([["one", "test"]])));
  report.failed = (host, message) => void said.push(`${host}: ${message}`);
  const { hosts } = readRegion(now, "test");
  const outcomes = await convergeRegion({
    output: now,
    stack: "test",
    hosts: hosts.filter((host) => "address" in host),
    folder,
    report,
  });
  expect(outcomes).toEqual(new Map([["one", "failed"]]));
  expect(said).toEqual([
    expect.stringMatching(
      /^one: .*stacks\/test was synthesized anew while this run read it: the bundle of one is another; nothing was changed here, plan and apply again$/,
    ),
  ]);
  rmSync(folder, { recursive: true });
});
