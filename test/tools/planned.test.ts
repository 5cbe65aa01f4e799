// What Terraform tells its command of a region of a thousand hosts, with the real Terraform.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { RegionFile } from "../../bundle/manifest.ts";
import { Converge } from "../../constructs/host/converge.ts";
import { Host } from "../../constructs/host/host.ts";
import { select } from "../../converge/output/selection.ts";
import { MACHINE, stack } from "../constructs/hosts.ts";
import { synthOutput } from "../constructs/synth.ts";

const terraform = ["terraform", "tofu"].find((name) => spawnSync(name, ["version"]).status === 0);
const missing = terraform ? "" : " (neither terraform nor tofu is on PATH)";
/** As long as a host's name may be. */
const name = (index: number) => `host-${index}`.padEnd(63, "x");
const hostsOf = (
  scope: Parameters<typeof synthOutput>[0] extends (s: infer S) => unknown ? S : never,
  count: number,
) =>
  Array.from({ length: count }, (_, index) => {
    // A pin as long as they come, and a host without one.
    const { ssh } = MACHINE.transport as { ssh: object };
    const { hostKey: _pin, ...open } = ssh as { hostKey?: string };
    const transport = { ssh: index === 0 ? open : ssh } as typeof MACHINE.transport;
    return new Host(scope, name(index), { ...MACHINE, transport });
  });

describe.skipIf(!terraform)(`a region of a thousand hosts${missing}`, () => {
  let output: string;
  let triggers: string;

  beforeAll(() => {
    output = synthOutput((scope) => {
      new Converge(scope, "converge", { stack: "test", hosts: hostsOf(scope, 1000) });
    });
    mkdirSync(join(output, "bin"));
    // In the place of the CLI: keeps what it is told.
    writeFileSync(
      join(output, "bin/soundstage.mjs"),
      'import { writeFileSync } from "node:fs";\nwriteFileSync("told", process.env.SOUNDSTAGE_TRIGGERS);\n',
    );
    const cwd = join(output, "stacks/test");
    for (const args of [
      ["init", "-input=false"],
      ["apply", "-auto-approve", "-input=false", "-target=terraform_data.converge"],
    ]) {
      const { status, stdout, stderr } = spawnSync(terraform as string, [...args, "-no-color"], {
        cwd,
        encoding: "utf8",
        maxBuffer: 1 << 28,
      });
      if (status !== 0) throw new Error(`${stdout.slice(-2000)}\n${stderr}`);
    }
    triggers = readFileSync(join(cwd, "told"), "utf8");
  }, 300_000);

  /** Changes the region's file as a synthesis after the plan would, and puts it back. */
  function changed(edit: (row: Record<string, unknown>) => void): () => unknown {
    return () => {
      const file = join(output, "stacks/test/region.json");
      const text = readFileSync(file, "utf8");
      const region = JSON.parse(text) as RegionFile;
      edit(region.hosts[1] as unknown as Record<string, unknown>);
      writeFileSync(file, JSON.stringify(region));
      try {
        return select({ output, stack: "test", triggers });
      } finally {
        writeFileSync(file, text);
      }
    };
  }

  test("its command is told of each, and takes the output that was planned", () => {
    expect(Object.keys(JSON.parse(triggers))).toHaveLength(1000);
    expect(select({ output, stack: "test", triggers })[0]?.hosts).toHaveLength(1000);
  });

  test.for([
    ["address", "192.0.2.99"],
    ["hostKey", `SHA256:${"B".repeat(43)}`],
    ["hostKey", undefined],
  ] as const)("another %s than was planned is refused: %s", ([field, value]) => {
    const edit = (row: Record<string, unknown>) => {
      row[field] = value;
    };
    expect(changed(edit)).toThrow(
      `is not what was planned: the bundle, address or host key of ${name(1)} differs; plan again and apply that plan`,
    );
  });

  test("another bundle than was planned is refused, and a host that is no more", () => {
    const told = JSON.parse(triggers) as Record<string, string>;
    expect(() => select({ output, stack: "test", triggers: JSON.stringify({ ...told, gone: "x" }) })).toThrow(
      /of gone differs/,
    );
    const other = { ...told, [name(1)]: told[name(0)] };
    expect(() => select({ output, stack: "test", triggers: JSON.stringify(other) })).toThrow(
      `of ${name(1)} differs`,
    );
  });
});

test("more hosts than fit are refused at synthesis", () => {
  const scope = stack();
  expect(() => new Converge(scope, "converge", { stack: "test", hosts: hostsOf(scope, 1200) })).toThrow(
    /1200 hosts are more than one run can be told of .* about 1159 fit, so make two regions of this one/,
  );
});
