import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runApp } from "../app.ts";
import { CREDENTIALS, Moto } from "./moto.ts";

const HOST_KEY = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const LONG = `${'a \\ and a " in a text of more than 255 bytes; '.repeat(8)}end`;
const host = (name: string, end: number, roles: string) =>
  `      ${name}: { address: 192.0.2.${end}, private: 10.0.0.${end}, roles: [${roles}], cpus: 2, memory: 2GiB, ssh: { hostKey: "${HOST_KEY}" } }\n`;
const PLATFORM = `platform: music
state: local
zones:
  example.org:
    provider: route53
    dnssec: { phase: sign }
    records:
      - { name: "@", type: A, values: [192.0.2.10, 192.0.2.11] }
      - { name: "*", type: AAAA, value: "2001:db8::10" }
      - { name: www, type: CNAME, target: example.org }
      - { name: _sip._tcp, type: SRV, priority: 10, weight: 5, port: 5060, target: sip.example.org }
      - { name: sip, type: A, value: 192.0.2.12, ttl: 60 }
      - { name: "@", type: CAA, flags: 0, tag: issue, issuer: letsencrypt.org }
      - { name: long, type: TXT, text: ${JSON.stringify(LONG)} }
    mail: none
  live.example.org:
    provider: route53
    parent: example.org
    answers: { stream: by-region }
certificates:
  platform: { names: [example.org, "*.example.org", "*.live.example.org"], source: { private-ca: {} } }
authority: { certificate: { file: ca.crt }, key: { file: ca.key } }
edge: { zone: example.org, certificate: platform, names: [example.org, stream.live.example.org] }
relay: {}
cache: { maxmemory: 64MiB, password: { file: redis, version: 1 } }
regions:
  eu:
    serves: [EU, "*"]
    live: true
    hosts:
${host("eu-1", 21, "edge, relay")}${host("eu-2", 22, "edge, relay")}${host("eu-3", 23, "cache")}
  us:
    serves: [NA, BR]
    live: true
    hosts:
${host("us-1", 31, "edge, relay")}${host("us-2", 32, "cache")}`;

/** The folder above `registry.terraform.io` of providers that are installed; they may also be elsewhere. */
const MIRROR = [
  process.env.SOUNDSTAGE_PROVIDERS,
  "/opt/tf-plugins",
  "/usr/share/terraform/plugins",
  "/usr/local/share/terraform/plugins",
].find((folder) => folder && existsSync(join(folder, "registry.terraform.io/hashicorp/aws")));
const terraform = ["terraform", "tofu"].find((name) => !spawnSync(name, ["version"]).error);
const missing = [
  !terraform && "neither terraform nor tofu is on PATH",
  spawnSync("moto_server", ["--version"]).error && "moto_server is not on PATH",
  !MIRROR &&
    "the AWS provider is not installed; SOUNDSTAGE_PROVIDERS names the folder above registry.terraform.io",
]
  .filter(Boolean)
  .join(", ");

interface Planned {
  readonly resource_changes: readonly { readonly address: string; readonly change: { actions: string[] } }[];
}
interface RecordSet {
  readonly Name: string;
  readonly Type: string;
  readonly ResourceRecords?: readonly { readonly Value: string }[];
  readonly GeoLocation?: unknown;
  readonly AliasTarget?: { readonly DNSName: string };
}

describe.skipIf(missing)(`zones on Route 53${missing ? ` (${missing})` : ""}`, { timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "route53-"));
  let moto: Moto;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    writeFileSync(join(folder, "platform.yaml"), PLATFORM);
    const { status, stderr } = runApp(join(folder, "out"), join(folder, "platform.yaml"));
    if (status !== 0) throw new Error(stderr);
    writeFileSync(
      join(folder, "terraformrc"),
      `provider_installation {\n  filesystem_mirror {\n    path = "${MIRROR}"\n  }\n}\n`,
    );
    moto = await Moto.start();
    env = {
      ...process.env,
      ...CREDENTIALS,
      AWS_ENDPOINT_URL: moto.endpoint,
      TF_CLI_CONFIG_FILE: join(folder, "terraformrc"),
    };
  }, 180_000);
  afterAll(() => moto?.stop());

  const configuration = (stack: string) => join(folder, "out", "stacks", stack, "cdk.tf.json");
  function run(command: string, stack: string, args: readonly string[]): string {
    const { status, stdout, stderr } = spawnSync(command, args, {
      cwd: join(folder, "out", "stacks", stack),
      encoding: "utf8",
      env,
    });
    expect([args.join(" "), status, stderr]).toEqual([args.join(" "), 0, ""]);
    return stdout;
  }
  const tf = (stack: string, ...args: string[]) => run(terraform as string, stack, [...args, "-no-color"]);
  const aws = (...args: string[]) =>
    JSON.parse(run("aws", "zones", [...args, "--output", "json", "--endpoint-url", moto.endpoint]));
  /** Addresses of what a plan would change, without what moto does not have. */
  function due(stack: string): string[] {
    tf(stack, "plan", "-input=false", "-out=saved");
    const { resource_changes } = JSON.parse(tf(stack, "show", "-json", "saved")) as Planned;
    return resource_changes
      .filter(({ change }) => change.actions.join() !== "no-op" && change.actions.join() !== "read")
      .map(({ address }) => address)
      .filter((address) => !UNKNOWN.test(address));
  }
  function records(zone: string): RecordSet[] {
    const { HostedZones } = aws("route53", "list-hosted-zones-by-name", "--dns-name", zone);
    const [{ Id }] = HostedZones;
    return aws("route53", "list-resource-record-sets", "--hosted-zone-id", Id).ResourceRecordSets;
  }
  /** Of one set of records, sorted. */
  const values = (sets: readonly RecordSet[], name: string, type: string) =>
    sets
      .find(({ Name, Type }) => Name === name && Type === type)
      ?.ResourceRecords?.map(({ Value }) => Value)
      .sort();

  test("are planned, made with their records and keys, and then nothing is left to do", () => {
    tf("zones", "init", "-input=false");
    tf("zones", "validate");
    const planned = due("zones");
    expect(planned.map((address) => address.split(".")[0])).toContain("aws_kms_key");
    tf(
      "zones",
      "apply",
      "-input=false",
      "-auto-approve",
      MANY,
      ...planned.map((address) => `-target=${address}`),
    );
    expect(due("zones")).toEqual([]);
    const sets = records("example.org");
    expect(values(sets, "example.org.", "A")).toEqual(["192.0.2.10", "192.0.2.11"]);
    expect(values(sets, "example.org.", "MX")).toEqual(["0 ."]);
    expect(values(sets, "\\052.example.org.", "AAAA")).toEqual(["2001:db8::10"]);
    const [text] = values(sets, "long.example.org.", "TXT") as [string];
    const chunks = (text.match(/"(?:[^"\\]|\\.)*"/g) ?? []).map((chunk) => JSON.parse(chunk) as string);
    expect(chunks.join("")).toBe(LONG);
    expect(chunks.map((chunk) => Buffer.byteLength(chunk))).toEqual([255, LONG.length - 255]);
    const child = records("live.example.org");
    expect(values(sets, "live.example.org.", "NS")).toEqual(values(child, "live.example.org.", "NS"));
  });

  test("answer by location, each hanging on a health check of its host", () => {
    tf("traffic", "init", "-input=false");
    tf("traffic", "validate");
    tf("traffic", "apply", "-input=false", "-auto-approve", MANY);
    expect(due("traffic")).toEqual([]);
    const sets = records("live.example.org").filter(({ GeoLocation }) => GeoLocation);
    expect(
      sets.map(({ GeoLocation, AliasTarget }) => [GeoLocation, AliasTarget?.DNSName.replace(/\.$/, "")]),
    ).toEqual(
      expect.arrayContaining([
        [{ ContinentCode: "EU" }, "eu.pool.stream.live.example.org"],
        [{ CountryCode: "*" }, "eu.pool.stream.live.example.org"],
        [{ ContinentCode: "NA" }, "us.pool.stream.live.example.org"],
        [{ CountryCode: "BR" }, "us.pool.stream.live.example.org"],
      ]),
    );
    expect(sets).toHaveLength(4);
    const { HealthChecks } = aws("route53", "list-health-checks");
    expect(
      HealthChecks.map(({ HealthCheckConfig }: { HealthCheckConfig: Record<string, unknown> }) => [
        HealthCheckConfig.IPAddress,
        HealthCheckConfig.FullyQualifiedDomainName,
        HealthCheckConfig.ResourcePath,
      ]).sort(),
    ).toEqual([
      ["192.0.2.21", "eu-1.edge.example.org", "/health/ready"],
      ["192.0.2.22", "eu-2.edge.example.org", "/health/ready"],
      ["192.0.2.31", "us-1.edge.example.org", "/health/ready"],
    ]);
  });

  test("are not destroyed by mistake, and go when they shall", () => {
    const { status, stderr } = spawnSync(
      terraform as string,
      ["destroy", "-auto-approve", "-input=false", "-no-color"],
      { cwd: join(folder, "out", "stacks", "zones"), encoding: "utf8", env },
    );
    expect([status, stderr]).toEqual([1, expect.stringContaining("lifecycle.prevent_destroy")]);
    for (const stack of ["traffic", "zones"]) {
      const file = configuration(stack);
      writeFileSync(
        file,
        readFileSync(file, "utf8").replaceAll('"prevent_destroy": true', '"prevent_destroy": false'),
      );
      tf(stack, "destroy", "-auto-approve", "-input=false", MANY);
    }
    expect(aws("route53", "list-hosted-zones").HostedZones).toEqual([]);
    expect(aws("route53", "list-health-checks").HealthChecks).toEqual([]);
  });
});

/** moto 5 has no key-signing keys of Route 53, nor what asks for them. */
const UNKNOWN = /^aws_route53_(key_signing_key|hosted_zone_dnssec)\./;

/** Each change waits until Route 53 says that it is everywhere. */
const MANY = "-parallelism=50";
