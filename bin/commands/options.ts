// Options that several commands have, each said in one way.
import { Option } from "commander";

/** The folder of the stacks. */
export function outputOption(output: string): Option {
  return new Option("--output <folder>", "folder that cdktf synthesized into").default(output);
}

/** One stack or more. */
export function stackOption(): Option {
  return new Option("--stack <stack>", "stack whose hosts are meant, such as region-eu; may be repeated")
    .argParser((value: string, before: string[] = []) => [...before, value])
    .makeOptionMandatory();
}

/** The stack of a command that is about one host. */
export function stackOfHost(): Option {
  return new Option(
    "--stack <stack>",
    "stack that the host belongs to, such as region-eu",
  ).makeOptionMandatory();
}

export function jsonOption(): Option {
  return new Option("--json", "for machines");
}
