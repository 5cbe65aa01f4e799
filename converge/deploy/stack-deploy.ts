// One stack of a deploy: planned, shown, judged, and applied.
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { regionOf } from "../../bundle/reader.ts";
import { plansOf, type StackPlan } from "../plan/plan.ts";
import { changesOf, warningsOf } from "../terraform/plan-json.ts";
import { binary, Terraform } from "../terraform/terraform.ts";
import { deletionOfStored, failingHosts, lossByPlan, type Present } from "./brakes.ts";
import type { DeployOptions, Means } from "./deploy.ts";
import { resolversNote } from "./leaving.ts";
import type { Planned } from "./report.ts";

/** `pending`: a dry run that has something to do. */
export type Outcome = "done" | "pending" | "failed";

export class StackDeploy {
  readonly #stack: string;
  readonly #options: DeployOptions;
  readonly #present: Present;
  readonly #means: Means;
  readonly #terraform: Terraform;
  /** Of this process alone: another deploy of the same output must not change what is applied here. */
  readonly #file = `deploy-${process.pid}.tfplan`;

  constructor(stack: string, options: DeployOptions, present: Present, means: Means) {
    this.#stack = stack;
    this.#options = options;
    this.#present = present;
    this.#means = means;
    const complain = (line: string) => means.report.output(stack, line, "stderr");
    this.#terraform = new Terraform(means.programs, options.output, stack, complain);
  }

  async run(): Promise<Outcome> {
    try {
      return await this.#run();
    } finally {
      rmSync(join(this.#options.output, "stacks", this.#stack, this.#file), { force: true });
    }
  }

  async #run(): Promise<Outcome> {
    const { report, stop, asked } = this.#means;
    const { dryRun, confirmed } = this.#options;
    const planned = await this.#planned();
    report.planned(this.#stack, planned);
    const refusals = this.#refusals(planned);
    if (refusals.length > 0) {
      report.refused(this.#stack, refusals);
      return "failed";
    }
    const differing = planned.hosts?.hosts.filter(({ same }) => !same) ?? [];
    if (planned.changes.length === 0) {
      if (differing.length > 0)
        report.note(
          `Terraform has recorded nothing else, so that nothing is applied; to bring these hosts to their bundles: soundstage apply --stack ${this.#stack}`,
          this.#stack,
        );
      return dryRun && differing.length > 0 ? "pending" : "done";
    }
    const note =
      differing.length > 0 && resolversNote(regionOf(this.#options.output, this.#stack)?.leaving ?? []);
    if (note) report.note(note, this.#stack);
    if (dryRun) return "pending";
    if (stop.reason) return "failed";
    if (!(await confirmed?.(`Apply this to ${this.#stack}? Only "yes" does: `, asked))) {
      report.failed(this.#stack, "nothing was applied");
      return "failed";
    }
    return stop.reason ? "failed" : await this.#apply();
  }

  async #planned(): Promise<Planned> {
    await this.#terraform.init();
    const plan = await this.#terraform.plan(this.#file);
    return { changes: changesOf(plan), warnings: warningsOf(plan), hosts: await this.#hosts() };
  }

  /** Folders of this machine are not asked. */
  async #hosts(): Promise<StackPlan | undefined> {
    const { output, json = false } = this.#options;
    const hosts = regionOf(output, this.#stack)?.hosts.filter((host) => "address" in host) ?? [];
    if (hosts.length === 0) return undefined;
    const names = hosts.map(({ host }) => host);
    const [plan] = await plansOf({ output, stack: this.#stack, hosts: names, json });
    return plan;
  }

  #refusals({ changes, hosts }: Planned) {
    if (changes.length === 0) return [];
    const failing = [...(hosts?.failures.keys() ?? [])];
    return [
      ...lossByPlan(changes, this.#present),
      ...deletionOfStored(changes, this.#options.allowDelete ?? []),
      ...failingHosts(this.#stack, (hosts?.hosts.length ?? 0) + failing.length, failing),
    ];
  }

  async #apply(): Promise<Outcome> {
    const { report, stop } = this.#means;
    const began = Date.now();
    const code = await this.#terraform.apply(this.#file, (line, from) =>
      report.output(this.#stack, line, from),
    );
    if (code === 0) return "done";
    if (stop.reason) for (const line of this.#lastWords(began)) report.note(line, this.#stack);
    report.failed(
      this.#stack,
      `${binary()} apply failed with exit code ${code}; Terraform records what was done, and nothing else`,
    );
    return "failed";
  }

  /** A Terraform that is interrupted hears its converge no more: the end is in its log. */
  #lastWords(began: number): string[] {
    const log = join(this.#options.output, "logs", `${this.#stack}.log`);
    if (!existsSync(log) || statSync(log).mtimeMs < began) return [];
    return readFileSync(log, "utf8").trimEnd().split("\n").slice(-2);
  }
}
