import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Cli } from "../cli.ts";
import { Fleet } from "../fleet.ts";
import { signal, withArgument, workingIn } from "../processes.ts";
import { deployMissing } from "../requirements.ts";

const missing = deployMissing();

describe.skipIf(missing)(`a deploy that is killed${missing ? ` (${missing})` : ""}`, () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await Fleet.start("a");
    const first = await fleet.applied(fleet.output({ a: { page: "first" } }));
    expect([first.code, first.stderr]).toEqual([0, ""]);
  });
  afterAll(() => fleet?.lab.stop());

  const recorded = async (output: string) => {
    const { stdout } = await fleet.terraform(output, "state", "list").ended;
    return stdout.split("\n").filter((line) => line.includes("terraform_data.a"));
  };

  const kills: Record<string, (terraform: Cli, output: string) => unknown> = {
    "the host's script": () =>
      fleet.lab.host("a").must("systemctl kill --kill-whom=all --signal=KILL soundstage-apply.service"),
    // Not the shell above it, and not that of another lab.
    "the CLI": (_, output) =>
      signal(withArgument("converge").find((pid) => workingIn(output).includes(pid)) as number, "SIGKILL"),
    Terraform: (terraform) => terraform.kill("SIGKILL"),
  };

  test.for(Object.entries(kills))(
    "%s: nothing is recorded, the host is wholly old or new, the next deploy completes",
    async ([who, kill]) => {
      const [before] = fleet.pages();
      const page = `killed with ${who}`;
      const output = fleet.output({ a: { page, slow: 3 } });
      const ready = await fleet.terraform(output, "init").ended;
      expect(ready.code, ready.stdout + ready.stderr).toBe(0);
      const run = fleet.terraform(output, "apply", "-auto-approve");
      await fleet.starting("a");
      await kill(run, output);
      expect((await run.ended).code).not.toBe(0);
      await fleet.settled("a");
      await fleet.free();
      expect([before, page]).toContain(fleet.pages()[0]);
      expect(await recorded(output)).toEqual([]);
      const rest = await fleet.terraform(output, "apply", "-auto-approve").ended;
      expect(rest.code, rest.stdout + rest.stderr).toBe(0);
      expect(fleet.pages()).toEqual([page]);
      expect(await recorded(output)).toEqual(["terraform_data.a"]);
    },
  );
});
