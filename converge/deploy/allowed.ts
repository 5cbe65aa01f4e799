// What a deploy is told may be lost or deleted: a name that nothing has is a slip, and would allow nothing.
import { ConvergeFault } from "../fault.ts";
import type { Programs } from "../terraform/programs.ts";
import { hostsInState } from "../terraform/records.ts";
import { addressesOf, type StateJson } from "../terraform/state-json.ts";
import { Terraform } from "../terraform/terraform.ts";
import { departedRegions } from "./known-states.ts";

export interface Allowed {
  readonly allowLoss: readonly string[];
  readonly allowDelete: readonly string[];
}

/** The word that was probably meant, or nothing where none is near. */
export type Nearest = (word: string, words: readonly string[]) => string | undefined;

/** @param hosts of the output: what it still has, an option may name as well */
export function requireKnown(
  { allowLoss, allowDelete }: Allowed,
  { hosts, states }: { readonly hosts: readonly string[]; readonly states: readonly StateJson[] },
  nearest: Nearest,
): void {
  const recorded = states.flatMap((state) => hostsInState(state).map(({ host }) => host));
  const slips = [
    ...slipsOf("--allow-loss", "host", { named: allowLoss, known: [...hosts, ...recorded] }, nearest),
    ...slipsOf(
      "--allow-delete",
      "address",
      { named: allowDelete, known: states.flatMap(addressesOf) },
      nearest,
    ),
  ];
  if (slips.length > 0) throw new ConvergeFault(slips.join("\n"));
}

function slipsOf(
  option: string,
  noun: string,
  { named, known }: { readonly named: readonly string[]; readonly known: readonly string[] },
  nearest: Nearest,
): string[] {
  return named
    .filter((name) => !known.includes(name))
    .map((name) => {
      const meant = nearest(name, [...new Set(known)]);
      const hint = meant ? `did you mean ${meant}?` : "leave the option out, or name what the refusal names";
      return `${option} ${name}: there is no such ${noun} in the states of what is deployed; ${hint}`;
    });
}

/** The states of stacks, and of regions that left the platform file. */
export async function statesOf(
  output: string,
  stacks: readonly string[],
  programs: Programs,
  complain: (line: string, stack: string) => void,
): Promise<StateJson[]> {
  const states: StateJson[] = [];
  for (const stack of stacks) {
    const terraform = new Terraform(programs, output, stack, (line) => complain(line, stack));
    await terraform.init();
    states.push((await terraform.state()) ?? {});
  }
  return [...states, ...(await departedRegions(output, programs)).map(({ state }) => state)];
}
