import { expect, test } from "vitest";
import type { Action } from "../../../bundle/manifest.ts";
import { hostPlan, type Wanted } from "../../../converge/plan/host-plan.ts";
import { PlanText } from "../../../converge/plan/plan-text.ts";
import type { Line } from "../../../converge/script/answer.ts";
import { saltedDigest } from "../../../converge/secrets/secrets.ts";
import { base64, held, manifest, SECRETS, secret, shown, VALUE, wanted } from "./wanted.ts";

test("a plan is read from top to bottom: what is odd, what comes, what restarts, what does not come back", () => {
  const answer: Line[] = [
    ...held(),
    ["drift", "/etc/motd (mode is 0644, not 0640)"],
    ["drift", "kernel key vm.swappiness is 60, not 10"],
    secret("/etc/token", 1, "here-comes-the-sun"),
    secret("/etc/key", 4, VALUE),
    ["file", "content", "0644", "root:root", "regular file", "/etc/nginx.conf"],
    ["file", "mode", "0644", "root:root", "regular file", "/etc/motd"],
    ["file", "new", "-", "-", "-", "/opt/node"],
    ["dir", "0755", "root:root", "/srv/data"],
    ["content", base64("listen 80;\nserver_name old;\n"), "/etc/nginx.conf"],
    ["gone", "back", "/etc/issue"],
    ["gone", "removed", "/srv/old"],
    ["package", "nginx-light=1.22.1-9", "1.22.1-8"],
    ["package", "redis-server", "-"],
    ["kept", "varnish"],
    ["user", "relay", "-"],
    ["user", "relay", "audio"],
    ["kernel", "vm.swappiness", "60", "10"],
    ["unit", "nginx.service", "reload"],
    ["unit", "old.service", "stop"],
    ["action", "migrate", "unknown"],
    ["action", "drain", "due"],
  ];
  expect(shown(answer)).toBe(
    `eu-1  generation 4 → bundle ffffffffffff
  ! drift: /etc/motd (mode is 0644, not 0640)
  ! drift: kernel key vm.swappiness is 60, not 10
  ! package varnish is not wanted any more, and stays
  + package nginx-light=1.22.1-9 (has 1.22.1-8)
  + package redis-server
  + user relay is made
  + user relay joins audio
  < /etc/issue  what was there before us comes back
  ~ /etc/motd  mode 0644 → 0640  (drift)
  ~ /etc/nginx.conf
    @@ -1,2 +1,2 @@
     listen 80;
    -server_name old;
    +server_name new;
  + /opt/node  0755 root:root, 28 bytes
  ~ /srv/data  folder, mode 0755 → 0750, owner root:root → relay:relay
  - /srv/old
  ~ /etc/token  secret, version 1 → 2
  ~ /etc/key  secret, version 4 → 5, with the same value
  ~ kernel key vm.swappiness: 60 → 10
  ~ unit nginx.service: reload
  ~ unit old.service: stop
  ~ unit relay.service: restart (not measured yet)
  ~ action migrate (cluster): not known before the host has its check
  ~ action drain (host): due
  ! out for a time that was not measured yet (relay)
  ! not put back if it fails later: package nginx-light=1.22.1-9, package redis-server, action migrate, if it is due
`,
  );
});

test("what a host says of itself does not command the terminal", () => {
  const evil = "\u001b]0;owned\u0007";
  const text = shown([
    ...held(),
    ...SECRETS,
    ["busy", `root${evil}`],
    ["drift", `unit ${evil}`],
    ["kernel", "vm.swappiness", evil, "10"],
    ["file", "content", "0644", "root:root", `fifo${evil}`, "/etc/nginx.conf"],
    ["unit", `x${evil}.service`, "stop"],
  ]);
  expect(text).toContain("another run holds the host: root\ufffd]0;owned\ufffd");
  expect(text).not.toMatch(/[^\P{Cc}\n]/u);
});

test("what is gone for good on a host that retires is said before, and its data by name", () => {
  const retired = { data: "purged", folders: ["/var/lib/redis"] } as const;
  const { notes, member } = hostPlan({ ...wanted, manifest: { ...manifest, retired } }, []);
  expect(notes).toEqual([
    "it retires: secrets, keys and all earlier generations are wiped",
    "data /var/lib/redis is purged",
  ]);
  expect(member.retires).toBe(true);
});

test.for([
  ["0644", /shown: it is no text, or the texts that differ are longer than 256 KiB$/m],
  ["0600", /shown: with mode 0600 it is not for everybody on the host to read; mode 0600 → 0644$/m],
] as const)("why lines of a file of mode %s are not shown is said", ([mode, reason]) => {
  const row = ["file", "content", mode, "root:root", "regular file", "/etc/nginx.conf"] as const;
  expect(shown([...held(), ...SECRETS, row])).toMatch(reason);
});

test("what is gone, and what is another's secret, is marked as drift of its path", () => {
  const answer: Line[] = [
    ...held(),
    ["drift", "/opt/node (gone)"],
    ["drift", "/etc/key (owner is relay:relay, not root:root)"],
    ["file", "new", "-", "-", "-", "/opt/node"],
    secret("/etc/token", 2, VALUE),
    secret("/etc/key", 4, VALUE),
  ];
  expect(hostPlan(wanted, answer).files.map(({ path, drift }) => [path, drift])).toEqual([
    ["/opt/node", true],
    ["/etc/key", true],
  ]);
});

test("a host that is its bundle has nothing to change, and one that drifted from it has", () => {
  expect(shown([...held(wanted.hash), ...SECRETS])).toBe("eu-1  nothing to change\n");
  const drifted: Line[] = [...held(wanted.hash), ["drift", "unit nginx.service is inactive, not started"]];
  expect(hostPlan(wanted, [...drifted, ...SECRETS]).same).toBe(false);
});

test("where the record alone is another it says so", () => {
  expect(shown([...held(), ...SECRETS])).toContain("its scripts or versions alone");
});

test.for([
  ["a link", "symbolic link", "it is a symbolic link"],
  ["what the host does not show", "regular file", "its lines are not shown"],
])("of %s no lines are compared", ([, type, words]) => {
  const answer: Line[] = [
    ...held(),
    ...SECRETS,
    ["file", "content", "0600", "root:root", type as string, "/etc/nginx.conf"],
  ];
  const [change] = hostPlan(wanted, answer).files;
  expect(change?.note).toContain(words);
  expect(change?.note).toContain("mode 0600 → 0644");
  expect(change?.diff).toBeUndefined();
});

test("a value that somebody wrote into a text is masked, and what would command the terminal is shown as such", () => {
  const answer: Line[] = [
    ...held(),
    ...SECRETS,
    ["file", "content", "0644", "root:root", "regular file", "/etc/nginx.conf"],
    ["content", base64(`token ${VALUE}\n\u001b[2Jserver_name new;\n`), "/etc/nginx.conf"],
  ];
  expect(shown(answer)).toContain("-token ********\n    -\ufffd[2Jserver_name new;\n");
});

test("colours are for terminals alone", () => {
  const answer: Line[] = [...held(), ...SECRETS, ["gone", "removed", "/srv/old"]];
  expect(shown(answer)).not.toContain("\u001b");
  expect(shown(answer, true)).toContain("\u001b[31m- /srv/old\u001b[0m");
});

test("a new value under an old version is refused, as an apply would", () => {
  expect(() => hostPlan(wanted, [...held(), secret("/etc/token", 2, "another")])).toThrow(
    "the value of /etc/token is not the one that version 2 was applied with",
  );
});

test("a new authority needs no version: its file comes, what it signs is due, and whoever trusts it follows", () => {
  const authority = { certificate: { file: "ca.crt" }, key: { file: "ca.key" } };
  const certificate = (id: string, by: typeof authority): Action => ({
    ...{ id, when: "prepare", scope: "operator", check: "true", apply: "true", request: "true" },
    certificate: { names: [id], addresses: [], days: 30, usages: ["serverAuth"], authority: by },
  });
  const ca = { path: "/etc/ca.crt", mode: "0644", owner: "root:root", parts: [authority.certificate, "\n"] };
  const trusting: Wanted = {
    ...wanted,
    manifest: {
      ...manifest,
      secrets: [ca],
      units: [{ name: "haproxy.service", state: "started", restart: [], reload: [ca.path] }],
      actions: [
        certificate("ours", authority),
        certificate("another's", { ...authority, certificate: { file: "b.crt" } }),
      ],
    },
  };
  const holds = (value: string): Line[] => [
    ...held(wanted.hash),
    ["secret", "-", "salt", saltedDigest("salt", value), ca.path],
  ];
  expect(hostPlan(trusting, holds(VALUE)).same).toBe(true);
  expect(new PlanText(false).host(hostPlan(trusting, holds("the old one")))).toContain(
    `  ~ /etc/ca.crt  the operator's own
  ~ unit haproxy.service: reload
  ~ action ours (operator): due
  ! not put back if it fails later: action ours
`,
  );
});

test("a host that was never applied to holds no data yet, one that was tells it", () => {
  const none: Line[] = [
    ["manifest", "none"],
    ["generation", "0"],
  ];
  expect([...hostPlan(wanted, none).member.fresh]).toEqual(["db"]);
  expect([...hostPlan(wanted, [...held(), ...SECRETS]).member.fresh]).toEqual([]);
  const leads = hostPlan(wanted, [...held(), ...SECRETS, ["member", "db", "leads"]]).member;
  expect([...leads.leads]).toEqual(["db"]);
});
