import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Converge } from "../../../constructs/host/converge.ts";
import { Host } from "../../../constructs/host/host.ts";
import { PLANNED } from "../../../constructs/host/planned.ts";
import { record } from "../../../constructs/host/record.ts";
import { AudioSlice } from "../../../constructs/kernel/audio-slice.ts";
import { KernelTuning } from "../../../constructs/kernel/kernel-tuning.ts";
import { bundleOf, MACHINE, stack } from "../hosts.ts";
import { synth, synthOutput } from "../synth.ts";

describe("two asks for one thing name both constructs", () => {
  test.for([
    [
      "a path",
      (host: Host, a: Host, b: Host) => [
        host.file(a, "/etc/x", { content: "1" }),
        host.file(b, "/etc/x", { content: "1" }),
      ],
      /path \/etc\/x is asked for twice on host "one": by test\/a and by test\/b/,
    ],
    [
      "a file and a directory",
      (host: Host, a: Host, b: Host) => [
        host.file(a, "/etc/x", { content: "1" }),
        host.directory(b, "/etc/x"),
      ],
      /path \/etc\/x is asked for twice on host "one": by test\/a and by test\/b/,
    ],
    [
      "a directory and a secret",
      (host: Host, a: Host, b: Host) => [
        host.directory(a, "/etc/x"),
        host.secret(b, "/etc/x", { parts: [] }),
      ],
      /path \/etc\/x is asked for twice/,
    ],
    [
      "two directories of different modes",
      (host: Host, a: Host, b: Host) => [
        host.directory(a, "/etc/x"),
        host.directory(b, "/etc/x", { mode: "0700" }),
      ],
      /path \/etc\/x is asked for as a directory 0755 root:root and as a directory 0700 root:root/,
    ],
    [
      "the larger and one value",
      (host: Host, a: Host, b: Host) => [
        host.sysctl(a, "net.core.somaxconn", 4096, { merge: "max" }),
        host.sysctl(b, "net.core.somaxconn", 1024),
      ],
      /kernel key net\.core\.somaxconn is asked for as the largest of several and as 1024/,
    ],
    [
      "one value and the larger",
      (host: Host, a: Host, b: Host) => [
        host.sysctl(a, "net.core.somaxconn", 1024),
        host.sysctl(b, "net.core.somaxconn", 4096, { merge: "max" }),
      ],
      /kernel key net\.core\.somaxconn is asked for as 1024 and as the largest of several/,
    ],
    [
      "a unit",
      (host: Host, a: Host, b: Host) => [host.unit(a, "x.service"), host.unit(b, "x.service")],
      /unit x\.service is asked for twice/,
    ],
    [
      "a kernel key",
      (host: Host, a: Host, b: Host) => [
        host.sysctl(a, "vm.overcommit_memory", 1),
        host.sysctl(b, "vm.overcommit_memory", 2),
      ],
      /kernel key vm\.overcommit_memory is asked for as 1 and as 2 on host "one": by test\/a and by test\/b/,
    ],
    [
      "a user",
      (host: Host, a: Host, b: Host) => [host.user(a, "x"), host.user(b, "x", { shell: "/bin/sh" })],
      /user x is asked for as/,
    ],
  ] as const)("%s", ([, ask, message]) => {
    const scope = stack();
    const [host, a, b] = ["one", "a", "b"].map((id) => new Host(scope, id, MACHINE)) as [Host, Host, Host];
    expect(() => ask(host, a, b)).toThrow(message);
  });
});

test("a key whose rule is max takes the larger value", () => {
  const { manifest } = bundleOf((host) => {
    new KernelTuning(host, "a", { host, keys: { "net.core.somaxconn": 4096 } });
    new KernelTuning(host, "b", { host, keys: { "net.core.somaxconn": 65_535 } });
  });
  expect(manifest.sysctls).toEqual([{ key: "net.core.somaxconn", value: "65535" }]);
});

test("a shared kernel takes its namespaced keys and says which it left out", () => {
  const { manifest, texts } = bundleOf(
    (host) => new KernelTuning(host, "a", { host, keys: { "net.core.somaxconn": 1024, "fs.file-max": 9 } }),
    { kernel: "shared" },
  );
  expect(manifest.sysctls).toEqual([{ key: "net.core.somaxconn", value: "1024" }]);
  expect(texts.get("/etc/sysctl.d/60-soundstage.conf")).toBe(
    "# Written by Soundstage.\n# left to the machine that this host runs on: fs.file-max\nnet.core.somaxconn = 1024\n",
  );
});

test.for([
  ["net.ipv4.tcp_tw_recycle", 1, /broke clients behind NAT/],
  ["kernel.sched_latency_ns", 1, /debugfs/],
  ["net.core.somaxcon", 1, /not in the catalogue/],
] as const)("kernel key %s is refused", ([key, value, message]) => {
  expect(() => bundleOf((host) => new KernelTuning(host, "a", { host, keys: { [key]: value } }))).toThrow(
    message,
  );
});

test("audio may take four fifths of all CPUs", () => {
  const { texts } = bundleOf((host) => new AudioSlice(host, "a", { host }));
  expect(texts.get("/etc/systemd/system/soundstage-audio.slice")).toContain(
    "[Slice]\nCPUWeight=1000\nCPUQuota=320%\n",
  );
});

test.for([
  ["a package", (host: Host) => host.package(host, "nginx")],
  ["a unit", (host: Host) => host.unit(host, "x.service")],
  ["a kernel key", (host: Host) => host.sysctl(host, "net.core.somaxconn", 1)],
  [
    "an action",
    (host: Host) => host.action(host, "x", { when: "after", scope: "host", check: "", apply: "" }),
  ],
] as const)("a folder is not given %s", ([, ask]) => {
  const host = new Host(stack(), "here", { ...MACHINE, transport: { directory: "x" } });
  expect(() => ask(host)).toThrow(/needs root, and host "here" is a folder: files and processes only/);
});

const BAD = ["etc/x", "/etc/../x", "/etc/x/", "/etc//x", "/etc/a b", "/etc/..", "/etc/."];
test.for(BAD)("path %s is refused", (path) => {
  expect(() => bundleOf((host) => host.file(host, path, { content: "" }))).toThrow(/path/);
  expect(() => bundleOf((host) => host.directory(host, path))).toThrow(/path/);
});

test("a directory may be asked for twice in the same way", () => {
  const { manifest } = bundleOf((host) => [host.directory(host, "/srv/x"), host.directory(host, "/srv/x")]);
  expect(manifest.directories).toEqual([{ path: "/srv/x", mode: "0755", owner: "root:root" }]);
});

test("a plan compares texts line by line, hashes what is long, and holds no secret's reference", () => {
  const lines = record(
    bundleOf((host) => {
      host.file(host, "/etc/short", { content: "one\ntwo\n" });
      host.file(host, "/etc/long", { content: "x\n".repeat(301) });
      host.secret(host, "/etc/secret", { parts: ["key=", { env: "CANARY", version: 3 }] });
    }),
  );
  expect(lines["/etc/short"]).toEqual(["one", "two"]);
  expect(lines["/etc/long"]).toMatch(/^[0-9a-f]{64}$/);
  expect(lines.secrets).toEqual(["/etc/secret 0600 root:root versions 3"]);
  expect(JSON.stringify(lines)).not.toContain("CANARY");
});

test("a plan shows what makes a unit start again, what is checked and proven, and how hosts take turns", () => {
  const certificate = {
    names: ["one"],
    addresses: ["10.0.0.1"],
    days: 30,
    usages: ["serverAuth"] as const,
    authority: { certificate: { file: "ca.crt" }, key: { env: "CANARY" } },
  };
  const lines = record(
    bundleOf((host) => {
      host.unit(host, "x.service", { restart: ["/etc/a"], reload: ["/etc/b"] });
      host.check(host, "x", { command: "x -t\n", paths: ["/etc/a", "/etc/b"] });
      host.probe(host, "x", { command: "true\n", seconds: 20 });
      host.action(host, "sign", { when: "prepare", scope: "operator", check: "", apply: "", certificate });
      host.order(host, {
        group: "x",
        mode: "one-by-one",
        gate: "healthy\n",
        leads: "lead\n",
        gateSeconds: 9,
      });
    }),
  );
  expect(lines).toMatchObject({
    units: ["x.service started", "x.service restarts on /etc/a", "x.service reloads on /etc/b"],
    checks: ["x of /etc/a", "x of /etc/b"],
    probes: ["x within 20 s"],
    order: ["x one-by-one, gate within 9 s"],
    "order x gate": ["healthy"],
    "order x leads": ["lead"],
    certificates: ["sign: one 10.0.0.1, serverAuth, 30 days, signed by ca.crt"],
  });
  expect(JSON.stringify(lines)).not.toContain("CANARY");
});

test("a region is one process and a record for each host, and text stays literal for Terraform", () => {
  const out = synth((scope) => {
    const host = new Host(scope, "one", MACHINE);
    host.file(scope, "/etc/x", { content: `a \${b} %{c} $d\n` });
    new Converge(scope, "converge", { stack: "region-x", hosts: [host] });
  });
  const { converge, one } = (out.resource?.terraform_data ?? {}) as Record<string, Record<string, unknown>>;
  expect(converge?.provisioner).toEqual([
    {
      "local-exec": {
        command: "node ../../bin/soundstage.mjs converge region-x || exit $?",
        environment: { SOUNDSTAGE_TRIGGERS: PLANNED },
      },
    },
  ]);
  expect(converge?.lifecycle).toEqual({ create_before_destroy: true });
  expect(one?.depends_on).toEqual(["terraform_data.converge"]);
  expect(one?.triggers_replace).toMatchObject({ "/etc/x": ["a $${b} %%{c} $d"] });
});

test("what a region says of its waves goes with its hosts", () => {
  const out = synthOutput((scope) => {
    const hosts = [new Host(scope, "one", MACHINE)];
    new Converge(scope, "converge", { stack: "region-x", hosts, waves: ["2", "50%"] });
  });
  const region = JSON.parse(readFileSync(join(out, "stacks", "test", "region.json"), "utf8"));
  expect(region).toMatchObject({ stack: "region-x", waves: ["2", "50%"] });
});

test.for([
  ["prepare", "host"],
  ["after", "cluster"],
] as const)("an undo that would never be run is refused: %s, %s", ([when, scope]) => {
  const action = { when, scope, check: "true", apply: "true", undo: "true" };
  expect(() => bundleOf((host) => host.action(host, "x", action))).toThrow(
    /action "x".* can not have an undo/,
  );
});
