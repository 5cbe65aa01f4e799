// The share of the CPUs that audio may take, in cgroup v2 terms (systemd.resource-control(5)).
import { Construct } from "constructs";
import { print } from "../../templates/systemd/print.ts";
import type { Host } from "../host/host.ts";

/** Percent of all CPUs; the rest stays for the edge, SSH and the system. */
const SHARE = 80;
/** Against the 100 that other slices have when all want the CPUs. */
const WEIGHT = 1000;

export class AudioSlice extends Construct {
  readonly name = "soundstage-audio.slice";
  readonly path: string;

  constructor(scope: Construct, id: string, props: { readonly host: Host }) {
    super(scope, id);
    this.path = `/etc/systemd/system/${this.name}`;
    const content = print([
      ["Unit", [["Description", "Audio of the Soundstage relay"]]],
      [
        "Slice",
        [
          ["CPUWeight", WEIGHT],
          ["CPUQuota", `${SHARE * props.host.props.cpus}%`],
        ],
      ],
    ]);
    props.host.file(this, this.path, { content });
  }
}
