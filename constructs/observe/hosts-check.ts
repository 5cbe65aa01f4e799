// Lets a plan warn of what hosts were seen to have; reads a file, and needs no provider and no state.
import { TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { escapeTemplates } from "../escape.ts";

export interface HostsCheckProps {
  readonly stack: string;
  /** What `soundstage observe` writes, relative to the stack's folder; where it is not, nothing is warned of. */
  readonly file: string;
}

/** Older observations say little of what hosts have. */
const OLDEST = "168h";

export class HostsCheck extends Construct {
  constructor(scope: Construct, id: string, { stack, file }: HostsCheckProps) {
    super(scope, id);
    const terraform = TerraformStack.of(this);
    const path = escapeTemplates(JSON.stringify(file));
    // An error of a local would fail the plan, and this must only warn: a file that is not there has no hosts.
    const locals = {
      observed: `try(jsondecode(file(${path})).hosts, {})`,
      observed_not_read: `fileexists(${path}) && !can([for host in values(jsondecode(file(${path})).hosts) : [host.drift[*].what, host.manifest, host.recorded, timeadd(host.observed, "${OLDEST}")]])`,
      observed_drift: seen("length(host.drift) > 0", 'join(", ", [for each in host.drift : each.what])'),
      observed_other: seen("host.recorded != null && host.manifest != host.recorded"),
      observed_old: seen(
        `timecmp(timeadd(host.observed, "${OLDEST}"), plantimestamp()) < 0`,
        "host.observed",
      ),
    };
    for (const [name, value] of Object.entries(locals))
      terraform.addOverride(`locals.${name}`, `\${${value}}`);
    terraform.addOverride("check.hosts.assert", [
      {
        condition: "${!local.observed_not_read}",
        error_message: escapeTemplates(
          `${file} can not be read; soundstage observe ${stack} writes it anew.`,
        ),
      },
      warn(
        "observed_drift",
        `Somebody changed hosts: \${join("; ", local.observed_drift)}. Line by line: soundstage drift --stack ${stack}`,
      ),
      warn(
        "observed_other",
        `Hosts hold another bundle than Terraform has recorded: \${join(", ", local.observed_other)}. What an apply would change: soundstage plan --stack ${stack}`,
      ),
      warn(
        "observed_old",
        `Hosts were not seen for more than a week: \${join(", ", local.observed_old)}. soundstage observe ${stack} asks them.`,
      ),
    ]);
  }
}

/** Those of the hosts that were seen for which a condition holds: by name, with more in brackets where there is any. */
function seen(condition: string, more?: string): string {
  const words = more === undefined ? "name" : `"\${name} (\${${more}})"`;
  return `try([for name, host in local.observed : ${words} if ${condition}], [])`;
}

function warn(local: string, error_message: string) {
  return { condition: `\${length(local.${local}) == 0}`, error_message };
}
