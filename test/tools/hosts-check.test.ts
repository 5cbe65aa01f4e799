import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FolderRegions, missing, terraform } from "./folder-regions.ts";

describe.skipIf(!terraform)(
  `the check of what hosts were seen to have${missing}`,
  { timeout: 120_000 },
  () => {
    const regions = new FolderRegions();
    const { observed } = regions;
    const seen = (host: object) => ({
      observed: new Date().toISOString(),
      manifest: "m",
      recorded: "m",
      generation: 1,
      drift: [],
      units: [],
      ...host,
    });
    const write = (host: object) =>
      writeFileSync(observed, JSON.stringify({ hosts: { "us-1": seen(host) } }));
    let out: string;
    const plan = () =>
      spawnSync(terraform as string, ["plan", "-no-color", "-input=false", "-detailed-exitcode"], {
        cwd: join(out, "stacks", "region-us"),
        encoding: "utf8",
      });

    afterAll(() => regions.remove());
    beforeAll(async () => {
      out = await regions.output({ "region-us": { "us-1": { page: "checked" } } });
      expect((await regions.deploy(out, "--yes")).code).toBe(0);
    });

    test.for<[name: string, write: () => void, warning: RegExp | undefined]>([
      ["no file", () => rmSync(observed, { force: true }), undefined],
      ["all is well", () => write({}), undefined],
      ["not compared with a record", () => write({ recorded: null }), undefined],
      [
        "drift",
        () => write({ drift: [{ what: "/srv/page" }, { what: "/etc/word" }] }),
        /Somebody changed hosts: us-1 \(\/srv\/page, \/etc\/word\)/,
      ],
      [
        "another bundle",
        () => write({ manifest: "other" }),
        /Hosts hold another bundle than Terraform has\s+recorded: us-1/,
      ],
      [
        "an old observation",
        () => write({ observed: new Date(Date.now() - 8 * 86_400_000).toISOString() }),
        /Hosts were not seen for more than a week: us-1 \(/,
      ],
      [
        "a file that is none",
        () => writeFileSync(observed, "{{"),
        /can not be read; soundstage observe region-us/,
      ],
      ["a file of another form", () => write({ drift: 3 }), /can not be read; soundstage observe region-us/],
      [
        "a time that is none",
        () => write({ observed: "yesterday" }),
        /can not be read; soundstage observe region-us/,
      ],
    ])("%s", async ([, prepare, warning]) => {
      prepare();
      const before = regions.state("region-us");
      const { status, stdout, stderr } = plan();
      expect(status, stderr).toBe(0);
      expect(stdout).toContain("No changes.");
      if (warning)
        expect(stdout.replaceAll(/\s+/g, " ")).toMatch(new RegExp(warning.source.replaceAll("\\s+", " ")));
      else expect(stdout).not.toContain("Warning");
      const dry = await regions.deploy(out, "--dry-run");
      expect(dry.code).toBe(0);
      if (warning) expect(dry.stdout).toMatch(warning);
      expect(regions.state("region-us")).toBe(before);
    });
  },
);
