// Terraform's built-in `terraform_data`: no provider to download, and replacing it destroys nothing on a host.
import { type ITerraformDependable, type Precondition, TerraformResource } from "cdktf";
import type { Construct } from "constructs";
import { escapeTemplates } from "../escape.ts";

export interface TerraformDataProps {
  /** Replaced, and its command run, whenever this differs from what was last applied. */
  readonly triggers: () => Readonly<Record<string, unknown>>;
  /** Runs in the stack's folder when the resource is created or replaced. */
  readonly command?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly dependsOn?: readonly ITerraformDependable[];
  /** Planned and compared, and never applied: what is said instead. */
  readonly refusal?: string;
}

/** cdktf's own `DataResource` runs `terraform version` once a resource at synthesis; this one does not. */
export class TerraformData extends TerraformResource {
  readonly #triggers: () => Readonly<Record<string, unknown>>;

  constructor(scope: Construct, id: string, props: TerraformDataProps) {
    super(scope, id, {
      terraformResourceType: "terraform_data",
      // Without it a failed apply loses the record of what was applied before.
      lifecycle: {
        createBeforeDestroy: true,
        ...(props.refusal && { precondition: [refuse(props.refusal)] }),
      },
      dependsOn: [...(props.dependsOn ?? [])],
      ...(props.command && {
        provisioners: [
          { type: "local-exec", command: props.command, environment: { ...props.environment } } as const,
        ],
      }),
    });
    this.#triggers = props.triggers;
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    return { triggers_replace: escapeTemplates(this.#triggers()) };
  }
}

/** Fails an apply and no plan: Terraform knows the time no sooner, and wants a condition to name an object. */
function refuse(errorMessage: string): Precondition {
  return { condition: "${timestamp() == path.module}", errorMessage };
}
