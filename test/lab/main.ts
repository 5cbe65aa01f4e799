// The lab for people: bin/up --lab keeps one, and this tells and ends it.
import { parseArgs } from "node:util";
import { Lab } from "./lab.ts";
import { labHosts, writePlatform } from "./platform-file.ts";
import { labMissing } from "./requirements.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { folder: { type: "string", default: ".soundstage/lab" } },
});
const [verb, name, ...command] = positionals;

async function main(): Promise<number> {
  const { folder } = values;
  const running = Lab.attach(folder);
  switch (verb) {
    case "up": {
      const missing = labMissing();
      if (missing) throw new Error(missing);
      const hosts = labHosts().map((host) => ({ name: host }));
      const lab = running ?? (await Lab.start({ folder, keep: true, hosts }));
      await lab.resume();
      await writePlatform(lab);
      console.log(`${lab.hosts.size} hosts run in ${folder}`);
      return 0;
    }
    case "status": {
      if (!running) throw new Error(`no lab runs in ${folder}`);
      for (const host of running.hosts.values())
        console.log(`${host.name.padEnd(8)}  ${host.address}  ${host.private}`);
      const edge = running.host("edge-1");
      console.log(`\nhttps://lab.test/ at ${edge.address}, trusted by ${folder}/ca/ca.crt:`);
      console.log(
        `curl --cacert ${folder}/ca/ca.crt --resolve lab.test:443:${edge.address} https://lab.test/health`,
      );
      return 0;
    }
    case "exec": {
      if (!running || !name) throw new Error("usage: exec <host> <command…>");
      const { code, stdout, stderr } = await running.host(name).exec(command.join(" "));
      process.stdout.write(stdout);
      process.stderr.write(stderr);
      return code;
    }
    case "down":
      await running?.stop();
      console.log(running ? "the lab is stopped" : "no lab runs");
      return 0;
    default:
      throw new Error("usage: up | status | exec <host> <command…> | down [--folder <folder>]");
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
