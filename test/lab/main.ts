// The lab for people: bin/up --lab keeps one, and this tells and ends it.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { word } from "../../templates/shell/print.ts";
import { Lab } from "./lab.ts";
import { labHosts, writePlatform } from "./platform-file.ts";
import { labMissing } from "./requirements.ts";

const USAGE = "usage: [--folder <folder>] up | status | exec <host> <command…> | down";

interface Asked {
  readonly folder: string;
  readonly verb: string | undefined;
  readonly host: string | undefined;
  readonly command: readonly string[];
}

/** What follows the host of `exec` is the command's, options too. */
function asked(args: readonly string[]): Asked {
  const exec = args.indexOf("exec");
  const own = exec < 0 ? args.length : exec + 2;
  const { values, positionals } = parseArgs({
    args: args.slice(0, own),
    allowPositionals: true,
    options: { folder: { type: "string", default: ".soundstage/lab" } },
  });
  const [verb, host] = positionals;
  return { folder: values.folder, verb, host, command: args.slice(own) };
}

async function main(): Promise<number> {
  const { folder, verb, host, command } = asked(process.argv.slice(2));
  const running = Lab.attach(folder);
  switch (verb) {
    case "up": {
      const missing = labMissing();
      if (missing) throw new Error(missing);
      const hosts = labHosts().map((name) => ({ name }));
      const lab = running ?? (await Lab.start({ folder, keep: true, hosts }));
      await lab.resume();
      const file = join(folder, "platform.yaml");
      if (running && existsSync(file)) console.log(`${file} is kept as it is`);
      else await writePlatform(lab);
      console.log(`${lab.hosts.size} hosts run in ${folder}`);
      return 0;
    }
    case "status": {
      if (!running) throw new Error(`no lab runs in ${folder}`);
      for (const { name, address, private: inner } of running.hosts.values())
        console.log(`${name.padEnd(8)}  ${address}  ${inner}`);
      const edge = running.host("edge-1");
      console.log(`\nhttps://lab.test/ at ${edge.address}, trusted by ${folder}/ca/ca.crt:`);
      console.log(
        `curl --cacert ${folder}/ca/ca.crt --resolve lab.test:443:${edge.address} https://lab.test/health`,
      );
      console.log(`\nEdit ${folder}/platform.yaml, then see and deploy the change:`);
      for (const verb of ["diff", "deploy"])
        console.log(
          `SOUNDSTAGE_PLATFORM=${resolve(folder)}/platform.yaml npx cdktf ${verb} region-lab --output ${folder}/cdktf.out`,
        );
      console.log("\nWhat to try besides: docs/lab.md");
      return 0;
    }
    case "exec": {
      if (!host || command.length === 0) throw new Error(`expected a host and a command; ${USAGE}`);
      if (!running) throw new Error(`no lab runs in ${folder}`);
      // One word is a line for the shell, as ssh takes it; several are a program and its arguments.
      const [line = ""] = command;
      const { code, stdout, stderr } = await running
        .host(host)
        .exec(command.length === 1 ? line : command.map(word).join(" "));
      process.stdout.write(stdout);
      process.stderr.write(stderr);
      return code;
    }
    case "down":
      await running?.stop();
      console.log(running ? "the lab is stopped" : "no lab runs");
      return 0;
    default:
      throw new Error(USAGE);
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    console.error(`lab: ${error.message}`);
    process.exitCode = 1;
  },
);
