import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { demand, fingerprint } from "../../../converge/ssh/host-key.ts";
import { KnownHosts } from "../../../converge/ssh/known-hosts.ts";
import { hostTarget } from "../../../converge/ssh/target.ts";

interface Case {
  readonly name: string;
  readonly file?: string;
  /** There is no file. */
  readonly absent?: boolean;
  /** A folder is where the file should be. */
  readonly folder?: boolean;
  readonly pin?: string;
  readonly address?: string;
  readonly port?: number;
  /** What the host shows. */
  readonly key?: string;
  readonly is: "accepted" | "unknown" | "changed" | "revoked" | "fault";
  readonly says?: string;
  readonly offers?: readonly string[];
  /** Its key is not whole: ssh-keygen finds the line all the same, since it looks at names alone. */
  readonly broken?: boolean;
}

const { keys, cases } = parse(
  readFileSync(join(import.meta.dirname, "cases", "known-hosts.yaml"), "utf8"),
) as { keys: Record<string, string>; cases: Case[] };
const folder = mkdtempSync(join(tmpdir(), "known-hosts-"));
const file = join(folder, "known_hosts");

const blob = (name: string) => Buffer.from((keys[name] as string).split(" ")[1] as string, "base64");

function filled(text: string): string {
  return text.replace(/\{(\w+)(?:\.(\w+))?\}/g, (_, name: string, part?: string) => {
    if (part === "fingerprint") return fingerprint(blob(name));
    return part === "base64" ? blob(name).toString("base64") : (keys[name] as string);
  });
}

/** What became of a key, in one word and in the words that are said. */
function judged({ pin, address = "192.0.2.1", port = 22, key = "host", ...given }: Case) {
  try {
    const known = given.absent
      ? KnownHosts.read(join(folder, "absent"), "knows nobody")
      : given.folder
        ? KnownHosts.read(folder, "knows nobody")
        : new KnownHosts("known_hosts", filled(given.file ?? ""));
    const target = hostTarget({
      host: "eu-1",
      address,
      ports: [port],
      user: "root",
      ...(pin && { hostKey: filled(pin) }),
    });
    const { offers, refusal } = demand(target, port, known);
    const said = refusal(blob(key)) ?? "";
    const is = [
      ["accepted", said === ""],
      ["revoked", said.includes("is revoked by")],
      ["changed", /knows SHA256:|the platform file pins/.test(said)],
      ["unknown", said.includes("is not known")],
    ].find(([, holds]) => holds)?.[0];
    return { is, said, offers: offers[0] };
  } catch (error) {
    return { is: "fault", said: (error as Error).message, offers: [] };
  }
}

test.for(cases)("$name: $is", (each) => {
  const { is, said, offers } = judged(each);
  expect([is, said]).toEqual([each.is, expect.stringMatching(new RegExp(each.says ?? "", "s"))]);
  if (each.offers) expect(offers).toEqual(each.offers);
});

test("what is refused says that nothing was sent", () => {
  const refused = cases.filter(({ is }) => ["unknown", "changed", "revoked"].includes(is)).map(judged);
  expect(refused.filter(({ said }) => !said.includes("nothing was sent"))).toEqual([]);
});

const findable = cases.filter(
  ({ file: text, port, is, broken }) => text && port === undefined && is !== "fault" && !broken,
);

test.for(findable)("ssh-keygen finds the same lines: $name", ({ address = "192.0.2.1", file: text }) => {
  writeFileSync(file, filled(text as string));
  const { stdout } = spawnSync("ssh-keygen", ["-F", address.toLowerCase(), "-f", file], { encoding: "utf8" });
  const theirs = [...stdout.matchAll(/found: line (\d+) ?$/gm)].map(([, line]) => Number(line));
  const known = KnownHosts.read(file, "fails");
  expect(known.keys(address, 22).map(({ line }) => line)).toEqual(theirs);
});
