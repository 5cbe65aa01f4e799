import { expect, test } from "vitest";
import { outageOf, outageText, unitOutageText } from "../../../converge/plan/outage.ts";
import type { Line } from "../../../converge/script/answer.ts";

const restarts = (...names: string[]) => names.map((name) => ({ name: `${name}.service`, verb: "restart" }));
// Hundredths of a second, as the host's script has them: active again, and then the wait of probes.
const MEASURED: Line[] = [
  ["outage", "patroni.service", "restart", "320", "0"],
  ["outage", "haproxy.service", "restart", "40", "0"],
  ["outage", "relay.service", "restart", "120", "200"],
  ["outage", "relay-2.service", "start", "110", "150"],
];

const textOf = (...names: string[]) => {
  const outage = outageOf(restarts(...names), MEASURED);
  return outage && [...outage.units.map(unitOutageText), outageText(outage)];
};

test("units restart one after the other, so that they add up", () => {
  expect(textOf("patroni", "haproxy")).toEqual([
    "out 3.2 s last time",
    "out 0.4 s last time",
    "out for about 3.6 s (patroni 3.2 s, haproxy 0.4 s)",
  ]);
});

test("probes wait for all of them at once, so that only the longest wait counts", () => {
  expect(outageOf(restarts("relay", "relay-2"), MEASURED)).toEqual({
    ms: 1200 + 1100 + 2000,
    probesMs: 2000,
    units: [
      { name: "relay.service", ms: 3200, by: "restart" },
      { name: "relay-2.service", ms: 2600, by: "start" },
    ],
  });
  expect(textOf("relay", "relay-2")).toEqual([
    "out 3.2 s last time",
    "its last start took 2.6 s",
    "out for about 4.3 s (relay 3.2 s, relay-2 2.6 s; of it probes waited 2.0 s)",
  ]);
});

test("what was not measured yet is said to be so, and makes the host's figure the least of what comes", () => {
  expect(textOf("patroni", "new")).toEqual([
    "out 3.2 s last time",
    "not measured yet",
    "out for more than 3.2 s (patroni 3.2 s, new not measured yet)",
  ]);
  expect(textOf("new")?.at(-1)).toBe("out for a time that was not measured yet (new)");
});

test("what starts, stops or reloads takes nothing out", () => {
  const units = ["start", "reload", "stop"].map((verb) => ({ name: "patroni.service", verb }));
  expect(outageOf(units, MEASURED)).toBeUndefined();
});
