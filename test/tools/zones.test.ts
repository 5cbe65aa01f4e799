import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Testing } from "cdktf";
import { describe, expect, test } from "vitest";
import { loadPlatform } from "../../platform/load.ts";
import { ZonesStack } from "../../stacks/zones.ts";

const missing =
  spawnSync("named-checkzone", ["-v"]).status === 0
    ? ""
    : " (the Debian package bind9-utils is not installed)";
const FLAGS = ["-i", "local", "-m", "fail", "-n", "fail", "-k", "fail", "-M", "fail", "-S", "fail"];

interface CloudflareRecord {
  name: string;
  type: string;
  ttl: number;
  content?: string;
  priority?: number;
  data?: { priority: number; weight: number; port: number; target: string };
}

describe.skipIf(missing)(`BIND judges the zones of Cloudflare${missing}`, () => {
  const { platform } = loadPlatform(readFileSync("platform.yaml", "utf8"), { file: "platform.yaml" });
  const json = JSON.parse(
    Testing.synth(new ZonesStack(Testing.app(), "zones", { platform, source: "../platform.yaml" }), true),
  ) as {
    resource: { cloudflare_dns_record: Record<string, CloudflareRecord> };
  };
  const records = Object.values(json.resource.cloudflare_dns_record);

  test.for(["dnb1st.ru", "dnb1st.store"])("%s", (zone) => {
    const own = records.filter(({ name }) => name === zone || name.endsWith(`.${zone}`));
    const lines = own
      // What Terraform learns from Route 53 when it applies: the child's name servers and its key.
      .filter(({ content, type }) => type !== "DS" && !content?.includes("${"))
      .map((record) => `${record.name}. ${record.ttl} IN ${record.type} ${rdata(record)}`);
    const file = join(mkdtempSync(join(tmpdir(), "zone-")), zone);
    writeFileSync(
      file,
      [
        `$ORIGIN ${zone}.`,
        "$TTL 300",
        `@ IN SOA ns1.example.net. hostmaster.${zone}. 1 7200 3600 1209600 300`,
        "@ IN NS ns1.example.net.",
        "@ IN NS ns2.example.net.",
        ...lines,
        "",
      ].join("\n"),
    );
    const { status, stdout } = spawnSync("named-checkzone", [...FLAGS, zone, file], { encoding: "utf8" });
    expect(stdout).toMatch(/loaded serial 1\nOK\n$/);
    expect(stdout.split("\n").filter((line) => /warning|error|fail/i.test(line))).toEqual([]);
    expect(status).toBe(0);
  });
});

function rdata({ type, content = "", priority, data }: CloudflareRecord): string {
  const absolute = (name: string) => (name === "." ? "." : `${name}.`);
  if (type === "MX") return `${priority} ${absolute(content)}`;
  if (type === "SRV" && data) return `${data.priority} ${data.weight} ${data.port} ${absolute(data.target)}`;
  return type === "CNAME" || type === "NS" ? absolute(content) : content;
}
