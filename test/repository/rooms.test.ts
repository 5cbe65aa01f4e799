import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";

/** Room → what its files may import of ours, and the packages and built-ins they may not. */
const ROOMS: Record<string, { may: string[]; never: RegExp }> = {
  platform: { may: [], never: /^(cdktf|constructs|@cdktf\/|node-ssh|ssh2|node:fs|node:child_process)/ },
  stacks: { may: ["platform", "constructs", "bundle"], never: /^(node-ssh|ssh2|node:fs|node:child_process)/ },
  constructs: { may: ["templates", "bundle"], never: /^(node-ssh|ssh2|node:fs|node:child_process|node:net)/ },
  templates: { may: [], never: /^(cdktf|constructs|@cdktf\/|node-ssh|ssh2|node:child_process)/ },
  bundle: { may: ["templates"], never: /^(node-ssh|ssh2|node:child_process)/ },
  converge: { may: ["bundle", "templates"], never: /^(cdktf|constructs|@cdktf\/)/ },
  relay: { may: [], never: /^(cdktf|constructs|@cdktf\/|node-ssh|ssh2)/ },
};

function files(room: string): string[] {
  const listed = execFileSync("git", [
    "ls-files",
    "--cached",
    "--others",
    "--exclude-standard",
    `${room}/**.ts`,
  ]);
  return String(listed).split("\n").filter(Boolean);
}

const IMPORT =
  /(?:^|\n)\s*(import|export)\s+(type\s+)?[^;"']*?["']([^"']+)["']|import\(\s*["']([^"']+)["']\s*\)/g;

function imports(file: string): { name: string; typeOnly: boolean }[] {
  return [...readFileSync(file, "utf8").matchAll(IMPORT)].map((match) => ({
    name: (match[3] ?? match[4]) as string,
    typeOnly: match[2] !== undefined,
  }));
}

test.for(Object.entries(ROOMS))("%s imports only what its room allows", ([room, { may, never }]) => {
  const found = files(room);
  expect(found).not.toEqual([]);
  const faults = found.flatMap((file) =>
    imports(file).flatMap(({ name, typeOnly }) => {
      const test = /\.test\.ts$/.test(file);
      if (!name.startsWith(".")) return never.test(name) && !test ? [`${file} imports ${name}`] : [];
      const target = normalize(join(dirname(file), name)).split("/")[0] as string;
      // What the package is, and which versions it was tested with.
      if (target === "package.json") return [];
      const types = room === "constructs" && target === "platform" && typeOnly;
      return target === room || may.includes(target) || types ? [] : [`${file} imports ${name}`];
    }),
  );
  expect(faults).toEqual([]);
});

/** Rooms of converge/, each with those that it may import; what lies in converge/ itself may import all of them. */
const CONVERGE: Record<string, string[]> = {
  text: [],
  secrets: [],
  ssh: ["secrets"],
  script: ["secrets", "ssh", "text"],
  output: ["script", "secrets", "ssh"],
  order: [],
  report: ["secrets", "text"],
  plan: ["order", "output", "script", "secrets", "ssh", "text"],
  run: ["order", "output", "report", "script", "secrets", "ssh"],
  upgrade: ["order", "output", "report", "run", "script", "secrets", "ssh", "text"],
  look: ["local", "output", "script", "secrets", "ssh", "text"],
  local: ["output", "report", "secrets"],
  releases: [],
  terraform: [],
  observe: ["output", "plan", "script", "secrets", "terraform", "text"],
  deploy: ["output", "plan", "run", "terraform", "text"],
};
/** Files of converge/ itself that any of its rooms may import. */
const BASE = ["fault.ts", "owner.ts", "record-file.ts"];

test.for(Object.entries(CONVERGE))("converge/%s imports only what its room allows", ([room, may]) => {
  const found = files(`converge/${room}`);
  expect(found).not.toEqual([]);
  const faults = found.flatMap((file) =>
    imports(file).flatMap(({ name }) => {
      const [outer, inner, rest] = normalize(join(dirname(file), name)).split("/") as [
        string,
        string,
        string?,
      ];
      if (!/^\.\.?\//.test(name) || outer !== "converge") return [];
      const allowed = rest === undefined ? BASE.includes(inner) : inner === room || may.includes(inner);
      return allowed ? [] : [`${file} imports ${name}`];
    }),
  );
  expect(faults).toEqual([]);
});

test("provider resources are imported by their own file", () => {
  const faults = ["stacks", "constructs", "bin", "test"].flatMap(files).flatMap((file) =>
    imports(file)
      .filter(({ name }) => /^@cdktf\/provider-\w+(\/lib(\/[\w-]+)?)?$/.test(name))
      .map(({ name }) => `${file} imports ${name}`),
  );
  expect(faults).toEqual([]);
});
