import { expect, test } from "vitest";
import type { Manifest } from "../../../bundle/manifest.ts";
import type { Line } from "../../../converge/script/answer.ts";
import { hostUpdates, isDue, reboots } from "../../../converge/upgrade/host-updates.ts";
import { updatesText } from "../../../converge/upgrade/updates-text.ts";

const manifest = {
  host: "db-1",
  packages: ["patroni", "postgresql-15=15.15", "etcd-server=3.4.23"],
  order: [{ group: "database", mode: "one-by-one" }],
} as unknown as Manifest;

const answer = (...rows: readonly string[]) => rows.map((row) => row.split("|") as unknown as Line);
const updates = (...rows: readonly string[]) =>
  hostUpdates(manifest, "ours", answer("manifest|ours", "generation|3", ...rows));

test("a host that has all there is has nothing to do", () => {
  const none = updates("held|etcd-server|3.4.23|3.4.24|packages.lock", "restart|dbus.service|reboot");
  expect([isDue(none, "auto"), isDue(none, "always")]).toEqual([false, true]);
  expect(updatesText(none, "auto")).toBe(
    "db-1  nothing to do\n" +
      "  = etcd-server 3.4.23, 3.4.24 is offered: held, raise packages.lock\n" +
      "  ! dbus.service runs replaced files until a reboot\n",
  );
});

test.for([
  ["packages.lock", "postgresql-15", "held, and the bundle brings 15.15: soundstage apply"],
  ["packages.lock", "etcd-server", "held, raise packages.lock"],
  ["somebody", "curl", "held back by somebody"],
] as const)("what %s holds of %s is said to be %s", ([by, name, why]) => {
  const has = name === "postgresql-15" ? "15.14" : "3.4.23";
  expect(updates(`held|${name}|${has}|99|${by}`).held).toEqual([{ name, from: has, to: "99", why }]);
});

test("what apt keeps back without a reason of ours has no versions", () => {
  const { held } = updates("held|curl|-|-|apt, which would have to remove others");
  expect(held).toEqual([{ name: "curl", why: "held back by apt, which would have to remove others" }]);
});

test("a reboot takes the place of restarts, and is left where it is not wanted", () => {
  const due = updates(
    "package|libssl3|1|2",
    "restart|patroni.service|bundle",
    "restart|ssh.service|other",
    "restart|dbus.service|reboot",
    "reboot|the kernel is 6.1.0-1-amd64, and 6.1.0-2-amd64 is installed",
  );
  expect((["auto", "never", "always"] as const).map((mode) => reboots(due, mode))).toEqual([
    true,
    false,
    true,
  ]);
  expect(updatesText(due, "auto")).toBe(
    "db-1  1 package, reboots\n  + libssl3 1 → 2\n  ~ reboot: the kernel is 6.1.0-1-amd64, and 6.1.0-2-amd64 is installed\n",
  );
  expect(updatesText(due, "never")).toBe(
    "db-1  1 package, 2 restarts\n" +
      "  + libssl3 1 → 2\n" +
      "  ~ restart patroni.service\n" +
      "  ~ restart ssh.service, not the bundle's\n" +
      "  ! dbus.service runs replaced files until a reboot\n" +
      "  ! a reboot is due (the kernel is 6.1.0-1-amd64, and 6.1.0-2-amd64 is installed), and --reboot never leaves it\n",
  );
});

test("drift, another bundle, another run and an unproven upgrade are told before; the last is due", () => {
  const rows = [
    "drift|/etc/page",
    "busy|root@vm pid 1",
    "unproven|2026-11-25T15:26:56Z",
    "member|database|leads",
  ];
  const found = hostUpdates(manifest, "ours", answer("manifest|theirs", ...rows));
  expect(found.notes).toEqual([
    "drift: /etc/page",
    "another run holds the host: root@vm pid 1",
    "it holds another bundle than this output's: soundstage apply",
  ]);
  expect([isDue(found, "never"), [...found.member.leads]]).toEqual([true, ["database"]]);
});

test("what a host says of itself does not command the terminal", () => {
  expect(updatesText(updates("package|lib\u001b[2J|1|2"), "auto")).toContain("+ lib\ufffd[2J 1 → 2\n");
});
