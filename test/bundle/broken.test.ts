// Files of an output that are broken: each is named, with what is wrong and what to do.
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { OutputFault } from "../../bundle/output-json.ts";
import { readBundle, readRegion } from "../../bundle/reader.ts";
import { Converge } from "../../constructs/host/converge.ts";
import { Host } from "../../constructs/host/host.ts";
import { stacksOf } from "../../converge/output/stacks.ts";
import { OutputOrigin } from "../../converge/script/output-origin.ts";
import { MACHINE } from "../constructs/hosts.ts";
import { synthOutput } from "../constructs/synth.ts";

let whole: string;
beforeAll(() => {
  whole = synthOutput((stack) => {
    const host = new Host(stack, "one", MACHINE);
    host.file(stack, "/etc/x", { content: "x\n" });
    new Converge(stack, "converge", { stack: "test", hosts: [host] });
  });
  writeFileSync(
    join(whole, "origin.json"),
    '{"commit": null, "dirty": false, "ancestors": [], "complete": false}\n',
  );
});

const FILES = {
  "stacks/test/region.json": (output: string) => readRegion(output, "test"),
  "stacks/test/hosts/one/manifest.json": (output: string) => readBundle(output, "test", "one"),
  "origin.json": (output: string) => OutputOrigin.of(output),
  "manifest.json": (output: string) => stacksOf(output),
};

/** A value, written as the file is. */
const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
const changed = (text: string, fields: object) => json({ ...JSON.parse(text), ...fields });

test.for<[file: keyof typeof FILES, how: string, spoilt: (text: string) => string, said: string]>([
  ...(Object.keys(FILES) as (keyof typeof FILES)[]).flatMap(
    (file): [typeof file, string, (text: string) => string, string][] => [
      [file, "empty", () => "", "it is empty"],
      [file, "cut off", (text) => text.slice(0, text.length / 2), "expected JSON, and it is cut off or none"],
      [file, "a list", () => "[]\n", "expected a mapping, found a list"],
      [file, "null", () => "null\n", "expected a mapping, found null"],
    ],
  ),
  [
    "stacks/test/region.json",
    "of another format",
    (text) => changed(text, { format: 2 }),
    'expected 1, as this version of Soundstage writes it as "format", found 2',
  ],
  [
    "stacks/test/region.json",
    "without hosts",
    (text) => changed(text, { hosts: undefined }),
    'expected a list of hosts, each with its address and ports or its directory as "hosts", found nothing',
  ],
  [
    "stacks/test/region.json",
    "with a host that is none",
    (text) => changed(text, { hosts: [{ host: "one" }] }),
    'expected a list of hosts, each with its address and ports or its directory as "hosts", found a list',
  ],
  [
    "stacks/test/hosts/one/manifest.json",
    "of another format",
    (text) => changed(text, { format: 2 }),
    'expected 1, as this version of Soundstage writes it as "format", found 2',
  ],
  [
    "stacks/test/hosts/one/manifest.json",
    "with a text for a list",
    (text) => changed(text, { files: "none" }),
    'expected a list of mappings as "files", found "none"',
  ],
  [
    "stacks/test/hosts/one/manifest.json",
    "of files that are none",
    (text) => changed(text, { files: [{}] }),
    "",
  ],
  [
    "origin.json",
    "with a number for a commit",
    (text) => changed(text, { commit: 7 }),
    'expected a commit or null as "commit", found 7',
  ],
  [
    "manifest.json",
    "without stacks",
    (text) => changed(text, { stacks: [] }),
    'expected a mapping as "stacks", found a list',
  ],
])("%s that is %s", ([file, , spoilt, said]) => {
  const output = mkdtempSync(join(tmpdir(), "broken-"));
  cpSync(whole, output, { recursive: true });
  FILES[file](output);
  const path = join(output, file);
  writeFileSync(path, spoilt(readFileSync(path, "utf8")));
  const read = () => FILES[file](output);
  expect(read).toThrow(OutputFault);
  expect(read).toThrow(`${path} is broken: ${said}`);
  expect(read).toThrow(/; synthesize again: cdktf synth$/);
});
