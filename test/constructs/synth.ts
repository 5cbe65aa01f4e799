// The one way in which tests synthesize: validations run, and the output is what users get.
import { TerraformStack, Testing } from "cdktf";
import { addAws, addCloudflare } from "../../stacks/providers.ts";

export type Json = Record<string, Record<string, Record<string, Record<string, unknown>>>>;

/** Synthesizes what `build` adds to a stack of its own, with its validations. */
export function synth(build: (stack: TerraformStack) => unknown): Json {
  const stack = new TerraformStack(Testing.app(), "test");
  addAws(stack);
  addCloudflare(stack);
  build(stack);
  return JSON.parse(Testing.synth(stack, true)) as Json;
}

/** Synthesizes whole, with the files that lie beside the JSON, and returns the output's folder. */
export function synthOutput(build: (stack: TerraformStack) => unknown, id = "test"): string {
  const stack = new TerraformStack(Testing.app(), id);
  build(stack);
  return Testing.fullSynth(stack);
}

/** Several stacks of one output. */
export function synthStacks(stacks: Readonly<Record<string, (stack: TerraformStack) => unknown>>): string {
  const app = Testing.app();
  for (const [id, build] of Object.entries(stacks)) build(new TerraformStack(app, id));
  app.synth();
  return app.outdir;
}

/** Stable text of a part of the output, for goldens. */
export function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
