// Terraform, or OpenTofu, in the folder of one stack.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConvergeFault } from "../fault.ts";
import type { PlanJson } from "./plan-json.ts";
import type { Programs, Started } from "./programs.ts";
import type { StateJson } from "./state-json.ts";

/** As cdktf chooses it. */
export function binary(): string {
  return process.env.TERRAFORM_BINARY_NAME || "terraform";
}

export class Terraform {
  readonly #programs: Programs;
  readonly #folder: string;
  readonly #complain: (line: string) => void;

  /** @param complain told what Terraform has to say where it fails */
  constructor(programs: Programs, output: string, stack: string, complain: (line: string) => void) {
    this.#programs = programs;
    this.#folder = join(output, "stacks", stack);
    this.#complain = complain;
    if (!existsSync(join(this.#folder, "cdk.tf.json")))
      throw new ConvergeFault(`${this.#folder} holds no stack: expected cdk.tf.json; run cdktf synth`);
  }

  /** Quick, and without network, where it was done before. */
  async init(): Promise<void> {
    await this.#must("init", ["-input=false"]);
  }

  /** Writes the plan to a file of the stack's folder, for nobody else to read, and returns what it says. */
  async plan(file: string): Promise<PlanJson> {
    // Before Terraform writes into it, so that there is no moment at which others may.
    writeFileSync(join(this.#folder, file), "", { mode: 0o600 });
    await this.#must("plan", ["-input=false", `-out=${file}`]);
    return JSON.parse(await this.#must("show", ["-json", file])) as PlanJson;
  }

  /** What a plan says to people. */
  async shown(file: string): Promise<string> {
    return this.#must("show", [file]);
  }

  /** Exactly the plan of that file; Terraform refuses one whose state has changed since. @returns the exit code */
  async apply(file: string, heard: Required<Started>["heard"]): Promise<number> {
    return (await this.#run("apply", ["-input=false", file], heard)).code;
  }

  /** What is recorded; undefined where nothing ever was. */
  async state(): Promise<StateJson | undefined> {
    const text = await this.#must("state", ["pull"]);
    return text.trim() === "" ? undefined : (JSON.parse(text) as StateJson);
  }

  async #must(verb: string, args: readonly string[]): Promise<string> {
    const said: string[] = [];
    const { code, stdout } = await this.#run(verb, args, (line) => said.push(line));
    if (code === 0) return stdout;
    for (const line of said) this.#complain(line);
    throw new ConvergeFault(this.#locked(said) ?? `${binary()} ${verb} failed with exit code ${code}`);
  }

  /** What to do where the state is locked; Terraform says who has it, and no more. */
  #locked(said: readonly string[]): string | undefined {
    const text = said.join("\n");
    if (!text.includes("Error acquiring the state lock")) return undefined;
    const told = (name: string) => new RegExp(`\\b${name}: +(.*\\S)`).exec(text)?.[1] ?? "unknown";
    const free = `${binary()} -chdir=${this.#folder} force-unlock ${told("ID")}`;
    return `its state is locked by ${told("Who")} since ${told("Created")}: wait for that run to end; where it was killed and its Terraform runs no more: ${free}`;
  }

  #run(verb: string, args: readonly string[], heard: Required<Started>["heard"]) {
    const colour = verb === "state" ? [] : ["-no-color"];
    return this.#programs.run(binary(), [verb, ...args.slice(0, -1), ...colour, ...args.slice(-1)], {
      folder: this.#folder,
      missing: "install it, or name another in TERRAFORM_BINARY_NAME, such as tofu",
      heard,
    });
  }
}
