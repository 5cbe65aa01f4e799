// Brings the hosts of a stack to their bundles: one process for all, and per host the record of what was applied.
import { TerraformStack } from "cdktf/lib/terraform-stack.js";
import { Construct } from "constructs";
import { manifestHash } from "../../bundle/bundle.ts";
import type { LeavingEdge, RegionFile } from "../../bundle/manifest.ts";
import { writeAtSynthesis } from "../../bundle/writer.ts";
import { InvalidProps } from "../invalid-props.ts";
import type { Host } from "./host.ts";
import { hostsFault, PLANNED, VARIABLE } from "./planned.ts";
import { record, secretVersions } from "./record.ts";
import { TerraformData } from "./terraform-data.ts";

/** What Terraform says before it makes anything; `soundstage apply` has words of its own. */
const REFUSAL =
  "This stack belongs to a platform that says `example: true`: it is synthesized and compared, and never applied.";

export interface ConvergeProps {
  readonly stack: string;
  /** The platform file, relative to the output's folder. @default `platform.yaml` beside it */
  readonly source?: string;
  readonly hosts: readonly Host[];
  /** Names of hosts that are dead: nothing is brought to them, and the record says so. @default none */
  readonly lost?: readonly string[];
  /** Nothing of an example platform is applied but its `local` stack. @default false */
  readonly example?: boolean;
  /** Sizes of the waves of hosts without an order. @default the first, a quarter, the rest */
  readonly waves?: readonly string[];
  /** Edges that clients are no longer sent to. @default none */
  readonly leaving?: readonly LeavingEdge[];
}

export class Converge extends Construct {
  constructor(scope: Construct, id: string, props: ConvergeProps) {
    super(scope, id);
    InvalidProps.throwIfAny(this, [hostsFault(props.hosts.map(({ name }) => name))]);
    const converge = new TerraformData(this, "Default", {
      triggers: () => Object.fromEntries(props.hosts.map((host) => [host.name, trigger(host)])),
      // Terraform kills what it started when it is interrupted. A shell that has more to do than this command
      // stays its parent (bash would become it otherwise), is killed instead, and converge finishes its steps.
      command: `node ../../bin/soundstage.mjs converge ${props.stack} || exit $?`,
      environment: { [VARIABLE]: PLANNED },
      ...(props.example && props.stack !== "local" && { refusal: REFUSAL }),
    });
    for (const host of props.hosts) {
      new TerraformData(host, "Default", { triggers: () => record(host.bundle()), dependsOn: [converge] });
    }
    for (const name of props.lost ?? []) {
      const scope = new Construct(TerraformStack.of(this), name);
      new TerraformData(scope, "Default", {
        triggers: () => ({ retired: ["lost"] }),
        dependsOn: [converge],
      });
    }
    writeAtSynthesis(this, () => ({
      region: regionFile(props),
      bundles: props.hosts.map((host) => host.bundle()),
    }));
  }
}

function trigger(host: Host): Record<string, unknown> {
  const { manifest } = host.bundle();
  const { transport } = host.props;
  return {
    manifest: manifestHash(manifest),
    secrets: secretVersions(manifest),
    ...("ssh" in transport
      ? {
          address: transport.ssh.address,
          ...(transport.ssh.hostKey && { hostKey: transport.ssh.hostKey }),
        }
      : { directory: transport.directory }),
  };
}

function regionFile({ stack, source, hosts, example, waves, leaving }: ConvergeProps): RegionFile {
  return {
    format: 1,
    stack,
    platform: source ?? "../platform.yaml",
    example: example ?? false,
    ...(waves && { waves }),
    ...(leaving && leaving.length > 0 && { leaving }),
    hosts: hosts.map(({ name, kernel, props: { transport } }) =>
      "ssh" in transport
        ? { host: name, ...transport.ssh, ...(kernel === "shared" && { kernel }) }
        : { host: name, directory: transport.directory },
    ),
  };
}
