import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { attended } from "../../../constructs/host/attended.ts";
import { bundleOf } from "../hosts.ts";

// As needrestart 3.6 of Debian 12 reads its drop-ins, and as it asks them.
const ASK = `our %nrconf = (defno => 0, override_rc => { qr(^dbus) => 0 });
eval do { local $/; <STDIN> }; die $@ if $@;
for my $rc (@ARGV) {
  my $restart = !$nrconf{defno};
  for my $re (keys %{$nrconf{override_rc}}) { next unless $rc =~ /$re/; $restart = $nrconf{override_rc}->{$re}; last }
  print "$rc " . ($restart ? "restarts" : "is left") . "\\n";
}`;

const { texts } = bundleOf((host) =>
  attended(host, host, {
    packages: ["redis-server", "g++"],
    units: ["patroni.service", "redis@6379.service"],
  }),
);

test("needrestart leaves its units alone", () => {
  const asked = ["patroni.service", "patroniXservice", "redis@6379.service", "nginx.service"];
  const { status, stdout, stderr } = spawnSync("perl", ["-e", ASK, "--", ...asked], {
    input: texts.get("/etc/needrestart/conf.d/soundstage.conf"),
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout.split("\n").filter(Boolean)).toEqual([
    "patroni.service is left",
    "patroniXservice restarts",
    "redis@6379.service is left",
    "nginx.service restarts",
  ]);
});

test("unattended upgrades leave its packages alone, and those that others name", () => {
  const folder = mkdtempSync(join(tmpdir(), "apt-"));
  writeFileSync(
    join(folder, "50unattended-upgrades"),
    'Unattended-Upgrade::Package-Blacklist { "linux-"; };\n',
  );
  writeFileSync(join(folder, "60soundstage"), texts.get("/etc/apt/apt.conf.d/60soundstage") as string);
  writeFileSync(join(folder, "apt.conf"), `Dir::Etc::parts "${folder}";\n`);
  const { stdout } = spawnSync("apt-config", ["dump", "Unattended-Upgrade::Package-Blacklist"], {
    env: { ...process.env, APT_CONFIG: join(folder, "apt.conf") },
    encoding: "utf8",
  });
  const values = [...stdout.matchAll(/:: "([^"]+)";/g)].map((match) => match[1]);
  expect(values).toEqual(["linux-", "redis-server$", "g[+][+]$"]);
});
