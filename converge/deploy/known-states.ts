// The states of regions that the platform no longer has: beside the platform file, or in its bucket.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { MAPPING, outputJson } from "../../bundle/output-json.ts";
import { ConvergeFault } from "../fault.ts";
import { stacksOf } from "../output/stacks.ts";
import type { Programs } from "../terraform/programs.ts";
import type { StateJson } from "../terraform/state-json.ts";

export interface KnownState {
  readonly stack: string;
  /** Where it lies, in words. */
  readonly place: string;
  readonly state: StateJson;
}

interface Backend {
  readonly local?: { readonly path: string };
  readonly s3?: {
    readonly bucket: string;
    readonly key: string;
    readonly region: string;
    readonly endpoints?: { readonly s3?: string };
  };
}

/** Names of regions are labels. */
const REGION = /^region-[a-z][a-z0-9-]*$/;
const SUFFIX = ".tfstate";

/** Every state of a region that the output does not have; throws where it can not be told. */
export async function departedRegions(output: string, programs: Programs): Promise<KnownState[]> {
  const known = stacksOf(output);
  // The `local` stack keeps its state beside the platform file wherever the others have theirs.
  const stack = known.find((name) => name !== "local") ?? known[0];
  if (stack === undefined) return [];
  const { local, s3 } = backendOf(output, stack);
  const departed = (name: string) => REGION.test(name) && !known.includes(name);
  if (local) return besides(resolve(output, "stacks", stack, local.path), stack, departed);
  if (s3) return inBucket(s3, stack, { departed, programs });
  return [];
}

function backendOf(output: string, stack: string): Backend {
  const file = join(output, "stacks", stack, "cdk.tf.json");
  const { terraform } = outputJson(readFileSync(file, "utf8"), file, { terraform: MAPPING }) as {
    terraform: { backend?: Backend };
  };
  return terraform.backend ?? {};
}

/** All states of a platform are named alike, but for their stack. */
function besides(file: string, stack: string, departed: (stack: string) => boolean): KnownState[] {
  const [folder, prefix] = [dirname(file), basename(file).slice(0, -`${stack}${SUFFIX}`.length)];
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.startsWith(prefix) && name.endsWith(SUFFIX))
    .map((name) => ({ name, stack: name.slice(prefix.length, -SUFFIX.length) }))
    .filter((each) => departed(each.stack))
    .map((each) => {
      const place = join(folder, each.name);
      return { stack: each.stack, place, state: parsed(readFileSync(place, "utf8"), place) };
    });
}

async function inBucket(
  { bucket, key, region, endpoints }: NonNullable<Backend["s3"]>,
  stack: string,
  { departed, programs }: { departed: (stack: string) => boolean; programs: Programs },
): Promise<KnownState[]> {
  const prefix = key.slice(0, -`${stack}${SUFFIX}`.length);
  const aws = async (...args: string[]): Promise<string> => {
    const said: string[] = [];
    const endpoint = endpoints?.s3 ? ["--endpoint-url", endpoints.s3] : [];
    const { code, stdout } = await programs.run("aws", [...args, "--region", region, ...endpoint], {
      heard: (line, from) => void (from === "stderr" && line !== "" && said.push(line)),
    });
    if (code === 0) return stdout;
    throw new ConvergeFault(`aws ${args.slice(0, 2).join(" ")} failed: ${said.join(" ")}`);
  };
  const listed = await aws(
    "s3api",
    "list-objects-v2",
    "--bucket",
    bucket,
    "--prefix",
    `${prefix}region-`,
    "--output",
    "json",
    "--query",
    "Contents[].Key",
  );
  const keys = (JSON.parse(listed || "null") ?? []) as string[];
  const states: KnownState[] = [];
  for (const each of keys.filter((name) => name.endsWith(SUFFIX))) {
    const name = each.slice(prefix.length, -SUFFIX.length);
    const place = `s3://${bucket}/${each}`;
    if (departed(name))
      states.push({ stack: name, place, state: parsed(await aws("s3", "cp", place, "-"), place) });
  }
  return states;
}

function parsed(text: string, place: string): StateJson {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text) as StateJson;
  } catch {
    throw new ConvergeFault(`${place} is no state of Terraform: expected JSON`);
  }
}
