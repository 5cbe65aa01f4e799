import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { Command } from "commander";
import { expect, test, vi } from "vitest";

const FOLDER = resolve("bin/commands");
/** What others run, and a run of Terraform's own programs. */
const WITHOUT = ["converge", "supervise", "deploy"];

async function commands(): Promise<Command[]> {
  const program = new Command();
  for (const file of readdirSync(FOLDER).filter((name) => name !== "options.ts"))
    (await import(`${FOLDER}/${file}`)).register(program, "cdktf.out");
  const leaves = (command: Command): Command[] =>
    command.commands.length > 0 ? command.commands.flatMap(leaves) : [command];
  return leaves(program).filter((command) => !WITHOUT.includes(command.name()));
}

test("every command speaks to machines", async () => {
  const found = await commands();
  expect(found.length).toBeGreaterThan(10);
  const silent = found.filter(({ options }) => !options.some(({ long }) => long === "--json"));
  expect(silent.map((command) => command.name())).toEqual([]);
});

test.for([
  ["plan", [0, 1, 2]],
  ["drift", [0, 1, 2]],
  ["unlock", [0, 1, 2]],
  ["trust", [0, 1, 2]],
  ["apply", [0, 1, 129, 130, 143]],
  ["rollback", [0, 1, 129, 130, 143]],
] as const)("the help of %s says its exit codes", async ([name, codes]) => {
  let help = "";
  const command = (await commands()).find((each) => each.name() === name) as Command;
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  const told = help.slice(help.indexOf("Exit codes:")).matchAll(/^ {2}(\d+) /gm);
  expect([...told].map(([, code]) => Number(code))).toEqual(codes);
});

test("who makes an authority is told how the platform file names it, relative to itself", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ca-"));
  const program = new Command();
  (await import(`${FOLDER}/ca.ts`)).register(program);
  vi.stubEnv("SOUNDSTAGE_PLATFORM", join(folder, "platforms", "one.yaml"));
  const log = vi.spyOn(console, "log").mockReturnValue();
  await program.parseAsync(["ca", "init", relative("", join(folder, "ca"))], { from: "user" });
  const said = log.mock.calls.flat().join("\n");
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  expect(said).toContain(
    "platforms/one.yaml names them so:\n\nauthority:\n  certificate:\n    file: ../ca/ca.crt\n  key:\n    file: ../ca/ca.key",
  );
});
