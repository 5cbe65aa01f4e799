import { ConvergeFault } from "../fault.ts";

/** Nothing of an example platform is ever applied but its `local` stack. */
export function requireApplicable(stack: string, example: boolean): void {
  if (example && stack !== "local") {
    throw new ConvergeFault(
      `"${stack}" belongs to a platform that says \`example: true\`: it is synthesized and compared, and never applied`,
    );
  }
}
