// What `terraform show -json` says of a plan, as far as it is read here (Terraform, "JSON Output Format").

export interface PlanJson {
  readonly resource_changes?: readonly ResourceChange[];
  readonly checks?: readonly {
    readonly instances?: readonly {
      readonly status: string;
      readonly problems?: readonly { readonly message: string }[];
    }[];
  }[];
}

export interface ResourceChange {
  readonly address: string;
  readonly mode: "managed" | "data";
  readonly type: string;
  readonly name: string;
  readonly change: { readonly actions: readonly string[]; readonly before: unknown };
}

export type Verb = "create" | "update" | "replace" | "delete" | "forget";

export const VERBS: readonly Verb[] = ["create", "update", "replace", "delete", "forget"];

export interface Change extends ResourceChange {
  readonly verb: Verb;
}

/** What an apply would do to resources. */
export function changesOf({ resource_changes: all = [] }: PlanJson): Change[] {
  return all.flatMap((each) => {
    const verb = each.mode === "managed" ? verbOf(each.change.actions) : undefined;
    return verb ? [{ ...each, verb }] : [];
  });
}

/** A replacement is told as its two halves, in either order. */
function verbOf(actions: readonly string[]): Verb | undefined {
  if (actions.includes("create") && actions.includes("delete")) return "replace";
  return VERBS.find((verb) => actions.includes(verb));
}

/** What `check` blocks found. */
export function warningsOf({ checks = [] }: PlanJson): string[] {
  return checks
    .flatMap(({ instances = [] }) => instances)
    .filter(({ status }) => status === "fail")
    .flatMap(({ problems = [] }) => problems.map(({ message }) => message));
}
