import type { Construct } from "constructs";

/** What a construct was given is wrong: every reason at once, after the construct's path. */
export class InvalidProps extends Error {
  readonly reasons: readonly string[];

  constructor(path: string, reasons: readonly string[]) {
    super(`${path}:\n${reasons.map((reason) => `  - ${reason}`).join("\n")}`);
    this.name = "InvalidProps";
    this.reasons = reasons;
  }

  /** Throws the truthy reasons, if there are any. */
  static throwIfAny(construct: Construct, reasons: readonly (string | false | undefined)[]): void {
    const found = reasons.filter((reason): reason is string => Boolean(reason));
    if (found.length > 0) throw new InvalidProps(construct.node.path || construct.node.id, found);
  }
}
