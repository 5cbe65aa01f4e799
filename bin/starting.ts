// What `soundstage init` needs to know: from its options, or by asking.
import { ConvergeFault } from "../converge/fault.ts";
import { ip } from "../platform/address.ts";
import { domain, label } from "../platform/names.ts";
import type { Starter } from "../platform/starter.ts";
import { asked } from "./ask.ts";

export interface Given {
  readonly domain?: string;
  readonly regions: readonly string[];
  /** `eu=203.0.113.7`. */
  readonly hosts: readonly string[];
}

/** @param attended whether somebody answers what is not given */
export async function starterOf(given: Given, attended: boolean): Promise<Starter> {
  const answer = async (value: string, question: string, option: string): Promise<string> => {
    if (value !== "") return value;
    if (attended) return asked(question);
    throw new ConvergeFault(`nothing was written: ${option} is missing`);
  };
  const name = checked(
    domain,
    await answer(given.domain ?? "", "Domain, such as example.org: ", "--domain <domain>"),
    "--domain",
  );
  const hosts = given.hosts.map(hostOf);
  const named = [...new Set([...given.regions, ...hosts.map(([region]) => region)])].join(",");
  const regions = list(
    await answer(
      named,
      "Regions, such as eu or eu,us: ",
      "--regions <regions>, or --host <region>=<address>,",
    ),
  );
  if (regions.length === 0) throw new ConvergeFault("nothing was written: there is no region");
  const rows = new Map<string, string[]>();
  for (const region of regions) {
    checked(label, region, "--regions");
    const own = hosts.filter(([each]) => each === region).map(([, address]) => address);
    const addresses = list(
      await answer(
        own.join(","),
        `Addresses of the hosts of ${region}: `,
        `the host of ${region}, --host ${region}=<address>,`,
      ),
    );
    if (addresses.length === 0) throw new ConvergeFault(`nothing was written: region ${region} has no host`);
    rows.set(
      region,
      addresses.map((address) => checked(ip, address, "--host")),
    );
  }
  return { domain: name, regions: rows };
}

function hostOf(text: string): [region: string, address: string] {
  const [region, address, ...rest] = text.split("=");
  if (region && address && rest.length === 0) return [region, address];
  throw new ConvergeFault(
    `--host: expected a region and an address, such as eu=203.0.113.7, found "${text}"`,
  );
}

const list = (text: string): string[] => text.split(/[\s,]+/).filter((each) => each !== "");

type Schema = typeof domain | typeof label | typeof ip;

function checked(schema: Schema, value: string, option: string): string {
  const { data, error } = schema.safeParse(value);
  if (data !== undefined) return data;
  throw new ConvergeFault(`${option}: ${error?.issues[0]?.message}, found "${value}"`);
}
