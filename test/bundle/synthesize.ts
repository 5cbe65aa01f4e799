// A process of a test: synthesizes a stack of hosts into a folder, over and over, one of them with another text each time.
import { TerraformStack, Testing } from "cdktf";
import type { Artifact } from "../../bundle/manifest.ts";
import { Converge } from "../../constructs/host/converge.ts";
import { Host } from "../../constructs/host/host.ts";
import { MACHINE } from "../constructs/hosts.ts";

const [, , outdir = "", name = "", rounds = "1", blob = ""] = process.argv;
const artifact: Artifact | undefined = blob === "" ? undefined : (JSON.parse(blob) as Artifact);

for (let round = 0; round < Number(rounds); round += 1) {
  const app = Testing.app({ outdir });
  const stack = new TerraformStack(app, "test");
  const hosts = ["steady", "other"].map((id) => new Host(stack, id, MACHINE));
  for (const host of hosts) {
    const own = host.name === "other" ? `${name} ${round}` : "the same";
    for (let file = 0; file < 20; file += 1) host.file(stack, `/etc/${file}`, { content: `${own}\n` });
    if (artifact) host.file(stack, "/opt/large", { content: artifact });
  }
  new Converge(stack, "converge", { stack: "test", hosts });
  app.synth();
}
