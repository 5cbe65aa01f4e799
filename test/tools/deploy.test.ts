import { spawn, spawnSync } from "node:child_process";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import type { SecretRef } from "../../bundle/manifest.ts";
import { withArgument, workingIn } from "../lab/processes.ts";
import { eventually } from "../lab/run.ts";
import { FolderRegions, missing, terraform } from "./folder-regions.ts";

describe.skipIf(!terraform)(`a deploy of regions of folders${missing}`, { timeout: 120_000 }, () => {
  const regions = new FolderRegions();
  const { cli, env } = regions;
  const output = regions.output.bind(regions);
  const start = regions.start.bind(regions);
  const deploy = regions.deploy.bind(regions);
  const page = regions.page.bind(regions);
  const state = regions.state.bind(regions);
  afterAll(() => regions.remove());

  const two = (word: string) => ({
    "region-eu": { "eu-1": { page: word }, "eu-2": { page: word } },
    "region-us": { "us-1": { page: word } },
  });

  test("without a terminal and without --yes it refuses; a dry run shows all and applies nothing", async () => {
    const out = await output(two("one"));
    const refused = await deploy(out);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      "soundstage: there is nobody to ask: --yes answers, --dry-run shows all and applies nothing\n",
    ]);
    const dry = await deploy(out, "--dry-run");
    expect(dry.code, dry.stderr).toBe(2);
    expect(dry.stdout).toContain(
      "region-eu (1 of 2)\nTerraform: 3 to create\n    + terraform_data.converge\n",
    );
    expect(dry.stdout).toMatch(/shown, and nothing applied: region-eu, region-us\n$/);
    expect([page("eu-1"), state("region-eu"), state("region-us")]).toEqual(["none", "none", "none"]);
  });

  test("it applies the plan that it saved, and a second one has nothing to do", async () => {
    const out = await output(two("one"));
    const first = await deploy(out, "--yes");
    expect(first.code, first.stderr).toBe(0);
    expect(first.stdout).toContain("\n0 same, 2 changed, 0 failed, in ");
    expect(first.stdout).toMatch(/done: region-eu, region-us\n$/);
    expect(["eu-1", "eu-2", "us-1"].map(page)).toEqual(["one", "one", "one"]);
    const [eu, us] = [state("region-eu"), state("region-us")];
    const again = await deploy(out, "--yes", "--json");
    const events = again.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(again.code).toBe(0);
    expect(events.map(({ event, stack }) => [event, stack].filter(Boolean).join(" "))).toEqual([
      "begun region-eu",
      "planned region-eu",
      "begun region-us",
      "planned region-us",
      "ended",
    ]);
    expect(events[1]).toMatchObject({ resources: [], warnings: [] });
    expect([state("region-eu"), state("region-us")]).toEqual([eu, us]);
    expect(spawnSync("find", [out, "-name", "*.tfplan"], { encoding: "utf8" }).stdout).toBe("");
  });

  test("a rollout stops at the first region that fails", async () => {
    const lost: SecretRef = { file: "nowhere", version: 1 };
    const out = await output({
      "region-eu": { "eu-1": { page: "two" }, "eu-2": { page: "two", secret: lost } },
      "region-us": { "us-1": { page: "two" } },
    });
    const { code, stdout, stderr } = await deploy(out, "--yes");
    expect([code, page("us-1")]).toEqual([1, "one"]);
    expect(stderr).toContain("region-eu: terraform apply failed with exit code 1");
    expect(stdout).toMatch(/\nnot done: region-eu; not begun: region-us\n$/);
    expect((await deploy(await output(two("two")), "--yes")).code).toBe(0);
  });

  test("the loss of a host is refused before anything is applied, until it is named", async () => {
    const out = await output({ ...two("three"), "region-eu": { "eu-1": { page: "three" } } });
    const before = state("region-eu");
    const refused = await deploy(out, "--yes");
    expect([refused.code, page("eu-1"), state("region-eu")]).toEqual([1, "two", before]);
    expect(refused.stderr).toMatch(
      /^REFUSED {2}eu-2 would be lost, and was not retired: .*--allow-loss eu-2$/m,
    );
    const dry = await deploy(out, "--dry-run");
    expect([dry.code, dry.stdout.includes("region-us (2 of 2)")]).toEqual([1, true]);
    const slip = await deploy(out, "--yes", "--allow-loss", "eu-22");
    expect([slip.code, state("region-eu")]).toEqual([1, before]);
    expect(slip.stderr).toMatch(
      /^soundstage: --allow-loss eu-22: there is no such host .*; did you mean eu-2\?\n$/,
    );
    expect((await deploy(out, "--yes", "--allow-loss", "eu-2")).code).toBe(0);
    expect([page("eu-1"), page("us-1")]).toEqual(["three", "three"]);
  });

  test("so is the loss of a region as a whole, and none is one that moved or was retired", async () => {
    const out = await output({ "region-us": { "us-1": { page: "four" } } });
    const refused = await deploy(out, "--yes");
    expect([refused.code, page("us-1")]).toEqual([1, "three"]);
    expect(refused.stdout).toBe("\nnot begun: region-us\n");
    expect(refused.stderr).toMatch(
      /^REFUSED {2}eu-1 would be lost, .*terraform\.region-eu\.tfstate still knows it/m,
    );
    expect((await deploy(out, "--yes", "--allow-loss", "eu-1")).code).toBe(0);
    const renamed = await output({
      "region-us": { "us-1": { page: "five" } },
      "region-west": { "eu-1": { page: "five" } },
    });
    const moved = await deploy(renamed, "--yes");
    expect([moved.code, page("eu-1")], moved.stderr).toEqual([0, "five"]);
    const file = regions.stateFile("region-eu");
    const known = JSON.parse(readFileSync(file, "utf8")) as {
      resources: { name: string; instances: { attributes: { triggers_replace: { value: object } } }[] }[];
    };
    const record = known.resources.find(({ name }) => name === "eu-1")?.instances[0]?.attributes
      .triggers_replace;
    Object.assign(record?.value ?? {}, { retired: "yes" });
    writeFileSync(file, JSON.stringify(known));
    rmSync(regions.stateFile("region-west"));
    expect((await deploy(out, "--dry-run")).code).toBe(2);
    rmSync(file);
  });

  describe.skipIf(spawnSync("script", ["--version"]).error)("at a terminal it asks", () => {
    /** Types once the question is there. @returns the exit code and what the terminal showed */
    async function answered(out: string, typed: string, before: () => void = () => {}) {
      const command = [
        process.execPath,
        cli,
        "deploy",
        "--skip-synth",
        "--output",
        out,
        "--allow-loss",
        "us-1",
      ].join(" ");
      const child = spawn("script", ["--quiet", "--flush", "--return", "--command", command, "/dev/null"], {
        env: { ...process.env, ...env },
      });
      let shown = "";
      let asked = false;
      child.stdout.on("data", (chunk) => {
        shown += chunk;
        if (asked || !shown.includes('Only "yes" does: ')) return;
        asked = true;
        before();
        child.stdin.write(typed);
      });
      const code = await new Promise((resolve) => child.once("close", resolve));
      return { code, shown };
    }

    afterAll(() => rmSync(regions.stateFile("region-asked"), { force: true }));

    test.for<[name: string, typed: string, code: number, page: string]>([
      ["no", "no\n", 1, "one"],
      ["nothing", "\n", 1, "one"],
      ["Ctrl-D", "\u0004", 1, "one"],
      ["Ctrl-C", "\u0003", 130, "one"],
      ["yes", "yes\n", 0, "yes"],
    ])("%s", async ([name, typed, code, now]) => {
      const only = (word: string) => output({ "region-asked": { "asked-1": { page: word } } });
      if (name === "no")
        expect((await deploy(await only("one"), "--yes", "--allow-loss", "us-1")).code).toBe(0);
      const ended = await answered(await only(name), typed);
      expect([ended.code, page("asked-1")], ended.shown).toEqual([code, now]);
    });

    test("and an output that was synthesized anew meanwhile is not applied", async () => {
      const [out, other] = [
        await output({ "region-asked": { "asked-1": { page: "shown" } } }),
        await output({ "region-asked": { "asked-1": { page: "other" } } }),
      ];
      const ended = await answered(out, "yes\n", () => cpSync(other, out, { recursive: true, force: true }));
      expect([ended.code, page("asked-1")]).toEqual([1, "yes"]);
      expect(ended.shown).toContain(
        "is not what was planned: the bundle, address or host key of asked-1 differs",
      );
    });
  });

  test.for([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)(
    "by %s the child is told, and waited for with all that it started; no other stack is begun",
    async ([name, code]) => {
      const slow: SecretRef = { command: ["sh", "-c", `sleep 4; echo ${name}`], version: code };
      const stack = `region-us${process.pid}-${code}`;
      const out = await output({
        [stack]: { "us-1": { page: name, secret: slow } },
        "region-west": { "west-1": { page: name } },
      });
      const before = page("us-1");
      const run = start(out, "--yes");
      await eventually(20_000, async () => expect(withArgument(stack).length).toBeGreaterThan(0));
      run.kill(name);
      const ended = await run.ended;
      expect([ended.code, workingIn(out), withArgument(out)]).toEqual([code, [], []]);
      expect(ended.stderr).toContain(
        `${name} arrived: what runs is told to end, and waited for; no other stack is begun`,
      );
      expect(ended.stdout).toMatch(
        new RegExp(`\\n${name} arrived; not done: ${stack}; not begun: region-west\\n$`),
      );
      // A folder is brought to its bundle once it was begun; Terraform records it with the next run.
      expect([name, before]).toContain(page("us-1"));
      expect(page("west-1")).toBe("none");
    },
  );
});
