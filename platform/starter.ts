// The first platform file of somebody's own: the least that serves listeners, from a domain and addresses.
import { Document, isMap, isScalar, type Node, type YAMLMap } from "yaml";
import { addressType } from "./address.ts";
import { serves } from "./serves.ts";

export interface Starter {
  readonly domain: string;
  /** Region → addresses of its hosts, in the order of a rollout; at least one of each. */
  readonly regions: ReadonlyMap<string, readonly string[]>;
}

/** Codes of regions that are called otherwise than the codes themselves. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  ap: ["AS", "OC"],
  asia: ["AS", "OC"],
  us: ["NA", "SA"],
};
/** What listeners type. */
const LABEL = "stream";

/** Who serves the zone: answers by the client's location are of Route 53, and one region needs none. */
export function starterProvider({ regions }: Starter): "cloudflare" | "route53" {
  return regions.size > 1 ? "route53" : "cloudflare";
}

export function starterText(starter: Starter): string {
  const { domain, regions } = starter;
  const provider = starterProvider(starter);
  const name = `${LABEL}.${domain}`;
  const document = new Document({
    platform: /^[a-z][a-z0-9-]*(?=\.)/.exec(domain)?.[0] ?? "platform",
    state: "local",
    zones: {
      [domain]: {
        provider,
        ...(regions.size > 1 ? { answers: { [LABEL]: "by-region" } } : { records: records(starter) }),
      },
    },
    certificates: { web: { names: [name], source: { "private-ca": {} } } },
    authority: { certificate: { file: "ca/ca.crt" }, key: { file: "ca/ca.key" } },
    regions: regionRows(regions),
    edge: { zone: domain, certificate: "web", names: [name] },
    cache: { maxmemory: "256MiB", password: { env: "REDIS_PASSWORD", version: 1 } },
    relay: { broadcastToken: { env: "RELAY_BROADCAST_TOKEN", version: 1 } },
  });
  document.commentBefore = [
    " yaml-language-server: $schema=./node_modules/soundstage/platform.schema.json",
    " What this platform is: `npx soundstage validate` checks it, `npx soundstage diff` shows what it would change.",
  ].join("\n");
  const say = (path: readonly string[], comment: string) => {
    const node = document.getIn(path, true) as Node;
    node.comment = ` ${comment}`;
  };
  say(
    ["state"],
    "beside this file, for one operator; {s3: {bucket: …, region: …}} for several, or where CI plans",
  );
  say(
    ["zones", domain, "provider"],
    provider === "cloudflare" ? "or route53" : "it answers by where a client is",
  );
  say(
    ["certificates", "web", "source"],
    "browsers trust {acme: {dns: cloudflare, email: …, token: {env: …, version: 1}}}",
  );
  say(["authority", "key"], "both are made by: npx soundstage ca init ca");
  const [first = ""] = regions.keys();
  say(
    ["regions", first, "hosts", `${first}-1`, "private"],
    "in the region's private network; what follows is what the machine has",
  );
  flow(document.contents, 0);
  for (const pair of (document.contents as YAMLMap).items) {
    if (isMap(pair.value) && isScalar(pair.key)) pair.key.spaceBefore = true;
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}

function records({ regions }: Starter): object[] {
  const addresses = [...regions.values()].flat();
  return (["A", "AAAA"] as const).flatMap((type) => {
    const values = addresses.filter((address) => addressType(address) === type);
    return values.length > 0 ? [{ name: LABEL, type, values }] : [];
  });
}

function regionRows(regions: Starter["regions"]): Record<string, object> {
  const taken = new Set<string>();
  const networks = freeNetworks([...regions.values()].flat());
  return Object.fromEntries(
    [...regions].map(([region, addresses], index) => {
      const places = [...placesOf(region), ...(index === 0 ? ["*"] : [])].filter(
        (place) => !taken.has(place),
      );
      for (const place of places) taken.add(place);
      return [region, { serves: places, hosts: hostRows(region, networks[index] as string, addresses) }];
    }),
  );
}

/** Networks in which no host is reached: 10.10 and what follows (RFC 1918 §3). */
function freeNetworks(addresses: readonly string[]): string[] {
  return Array.from({ length: 246 }, (_, index) => `10.${index + 10}.`).filter(
    (network) => !addresses.some((address) => address.startsWith(network)),
  );
}

/** A region that is called by a code, or as people call a part of the world, serves that. */
function placesOf(region: string): readonly string[] {
  const code = region.toUpperCase();
  return PLACES[region] ?? (serves.safeParse(code).success ? [code] : []);
}

function hostRows(region: string, network: string, addresses: readonly string[]): Record<string, object> {
  return Object.fromEntries(
    addresses.map((address, number) => [
      `${region}-${number + 1}`,
      {
        address,
        private: `${network}0.${number + 1}`,
        // A region with relays has one cache, which joins them.
        roles: ["edge", "relay", ...(number === 0 ? ["cache"] : [])],
        cpus: 2,
        memory: "4GiB",
      },
    ]),
  );
}

/** Collections that hold nothing but scalars, and rows of records, take one line. */
function flow(node: unknown, depth: number): boolean {
  if (isScalar(node)) return true;
  const items = node as YAMLMap;
  const values = isMap(items)
    ? items.items.map(({ value }) => value)
    : (items as unknown as { items: unknown[] }).items;
  const simple = values.map((value) => flow(value, depth + 1));
  const inline = depth > 1 && simple.every(Boolean) && values.length < 5 && !values.some(hasComment);
  if (inline) items.flow = true;
  return inline;
}

const hasComment = (value: unknown): boolean => Boolean((value as Node | undefined)?.comment);
