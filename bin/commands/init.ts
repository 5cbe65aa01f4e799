import type { Command } from "commander";
import { exitCodes, jsonOption } from "./options.ts";

interface Options {
  readonly domain?: string;
  readonly regions: string[];
  readonly host: string[];
  readonly yes?: boolean;
  readonly json?: boolean;
}

const collected = (value: string, before: string[]) => [...before, value];
const separated = (value: string, before: string[]) => [...before, ...value.split(",")];

export function register(program: Command): void {
  program
    .command("init")
    .description("begin a platform of your own in this folder; asks for what no option says")
    .option("--domain <domain>", "zone of the platform, such as example.org")
    .option(
      "--regions <regions>",
      "names of regions, such as eu or eu,us, in the order of a rollout",
      separated,
      [],
    )
    .option(
      "--host <region=address>",
      "a Debian 12 machine, such as eu=203.0.113.7; may be repeated",
      collected,
      [],
    )
    .option("--yes", "do not ask, and overwrite nothing")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      exitCodes({ 0: "written", 1: "something is missing, wrong, or in the way: nothing was written" }),
    )
    .action(async ({ domain, regions, host, yes, json }: Options) => {
      const { askedYes, isAttended } = await import("../ask.ts");
      const { init } = await import("../init.ts");
      const { starterOf } = await import("../starting.ts");
      const attended = !yes && !json && isAttended();
      const starter = await starterOf({ ...(domain && { domain }), regions, hosts: host }, attended);
      const overwrite = attended
        ? (file: string) => askedYes(`Overwrite ${file}? Only "yes" does: `)
        : undefined;
      const files = await init({ folder: process.cwd(), starter, overwrite });
      if (json) console.log(JSON.stringify({ files }, null, 2));
      else {
        for (const file of files) console.log(`written: ${file}`);
        console.log("\nNext: npm install, then npx soundstage diff; README.md says more");
      }
    });
}
