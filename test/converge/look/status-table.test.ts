import { describe, expect, test } from "vitest";
import { type HostStatus, hostStatus, type Unreachable } from "../../../converge/look/host-status.ts";
import { statusText } from "../../../converge/look/status-table.ts";
import type { Machine } from "../../../converge/output/hosts.ts";
import type { Line } from "../../../converge/script/answer.ts";
import { tableText } from "../../../converge/text/table.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const machine = (host: string) =>
  ({ host, stack: "region-eu", bundle: { hash: "a1b2" } }) as unknown as Machine;

const WELL: readonly Line[] = [
  ["clock", String(NOW / 1000 + 0.01)],
  ["uptime", "3542400.11"],
  ["generation", "12"],
  ["applied", "2026-03-01T10:00:00Z", "anna@laptop pid 4711 since 2026-03-01T09:59:12.001Z", "-"],
  ["disk", "/", "/dev/vda1", "31400000000", "40000000000"],
  ["disk", "/var", "/dev/vda1", "31400000000", "40000000000"],
  ["manifest", "a1b2"],
  ["archive", "3f9a2c1d77", "/opt/soundstage/relay"],
  ["unit", "nginx.service", "started", "active"],
  ["unit", "redis.service", "masked", "inactive"],
];

function status(host: string, ...other: Line[]): HostStatus {
  const kept = WELL.filter(([kind]) => !other.some(([each]) => each === kind));
  return hostStatus(machine(host), [...kept, ...other], { began: NOW - 20, ended: NOW + 20 });
}

describe("the table of hosts", () => {
  test("a host that is well is a row, and one file system is one column", () => {
    expect(statusText([status("eu-1")], NOW, false)).toBe(
      [
        "host  bundle  gen  release    units    up  clock  free /  applied  by",
        "eu-1  same     12  3f9a2c1d  2 of 2  41 d    0 s   31 GB  2 h ago  anna@laptop",
        "",
        "1 host: all are well",
        "",
      ].join("\n"),
    );
  });

  test("what is not well stands below, with the command that helps", () => {
    const ill = status(
      "eu-2",
      ["manifest", "c3d4"],
      ["unit", "nginx.service", "started", "failed"],
      ["clock", String(NOW / 1000 + 3600)],
      ["disk", "/", "/dev/vda1", "31400000000", "40000000000"],
      ["disk", "/var", "/dev/vdb1", "120000000", "8000000000"],
      ["interrupted", "11 12 applying"],
    );
    const gone: Unreachable = {
      host: "eu-3",
      stack: "region-eu",
      reachable: false,
      faults: ["root@192.0.2.3 can not be reached: port 22: no answer"],
    };
    expect(statusText([status("eu-1"), ill, gone], NOW, false)).toMatchInlineSnapshot(`
      "host  bundle       gen  release    units    up    clock  free /    /var  applied  by
      eu-1  same          12  3f9a2c1d  2 of 2  41 d      0 s   31 GB          2 h ago  anna@laptop
      eu-2  other         12  3f9a2c1d  0 of 1  41 d  +60 min   31 GB  120 MB  2 h ago  anna@laptop
      eu-3  unreachable

      host  what is not well
      eu-2  it holds another bundle than this output's: soundstage apply eu-2 --stack region-eu
            an apply was interrupted: soundstage apply eu-2 --stack region-eu, or soundstage unlock eu-2 --stack region-eu to put it back
            nginx.service is failed, not started: soundstage logs eu-2 nginx.service --stack region-eu
            its clock is 3600 seconds ahead of this machine's: timedatectl set-ntp true, there
            /var has only 120 MB free: make room, there (du -xh /var | sort -h | tail)
      eu-3  root@192.0.2.3 can not be reached: port 22: no answer

      3 hosts: 1 well, 2 not
      "
    `);
  });

  test("of a host that is being changed it is said who holds it, and no more", () => {
    const held = status(
      "eu-1",
      ["manifest", "c3d4"],
      ["unit", "nginx.service", "started", "activating"],
      ["held", "bert@desk pid 7 since 2026-03-01T11:59:00Z"],
    );
    expect(held.faults).toEqual([
      "it is held by bert@desk pid 7 since 2026-03-01T11:59:00Z: a run that is gone is let go by itself, or by soundstage unlock eu-1 --stack region-eu",
    ]);
    expect(statusText([held], NOW, false)).toMatch(/anna@laptop {2}bert@desk\n/);
  });

  test("a host to which nothing was applied is not well", () => {
    const bare = hostStatus(
      machine("eu-1"),
      WELL.filter(([kind]) => ["clock", "uptime", "disk"].includes(kind)).concat([["generation", "0"]]),
      { began: NOW, ended: NOW },
    );
    expect(bare).toMatchObject({ bundle: "none", generation: 0, units: [] });
    expect(bare.faults).toEqual(["nothing was applied here yet: soundstage apply eu-1 --stack region-eu"]);
  });

  test("a clock is judged by no more than its round trip tells", () => {
    const slow = hostStatus(machine("eu-1"), WELL, { began: NOW - 3900, ended: NOW + 100 });
    expect(slow.faults).toEqual([]);
    expect(statusText([slow], NOW, false)).toContain("  0 s  ");
  });
});

describe("a table", () => {
  test("its columns are as wide as what stands in them, and numbers stand right", () => {
    const rows = [
      [{ text: "a" }, { text: "9" }],
      [{ text: "longer" }, { text: "10" }],
    ];
    expect(tableText([{ title: "name" }, { title: "n", align: "right" }], rows, false)).toBe(
      "name     n\na        9\nlonger  10\n",
    );
  });

  test("a column in which nothing stands is left out", () => {
    const columns = ["a", "b", "c"].map((title) => ({ title }));
    expect(tableText(columns, [[{ text: "1" }, { text: "" }, { text: "3" }]], false)).toBe("a  c\n1  3\n");
  });

  test("colours do not move the columns, and what a host says brings no escapes of its own", () => {
    const cells = [{ text: "x", tone: "bad" as const }, { text: "\x1b[2Jgone" }];
    expect(tableText([{ title: "a" }, { title: "b" }], [cells], true)).toBe(
      "\x1b[2ma\x1b[22m  \x1b[2mb\x1b[22m\n\x1b[31mx\x1b[39m  \ufffd[2Jgone\n",
    );
  });
});
