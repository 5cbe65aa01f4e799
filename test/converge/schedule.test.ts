import { expect, test } from "vitest";
import { inOrder } from "../../converge/deploy.ts";
import { type Member, schedule } from "../../converge/schedule.ts";

function member(
  host: string,
  group?: string,
  mode: "one-by-one" | "first-then-rest" | "together" = "one-by-one",
  state: "fresh" | "leads" | "" = "",
): Member {
  const here = new Set(group ? [group] : []);
  return {
    host,
    order: group ? [{ group, mode }] : [],
    fresh: state === "fresh" ? here : new Set(),
    leads: state === "leads" ? here : new Set(),
  };
}

test("a cluster without data starts together", () => {
  expect(
    schedule([member("a", "db", "one-by-one", "fresh"), member("b", "db", "one-by-one", "fresh")]),
  ).toEqual([{ hosts: ["a", "b"], group: "db" }]);
});

test("a cluster with data changes one by one, the leader last after a hand-over", () => {
  expect(
    schedule([
      member("a", "db", "one-by-one", "leads"),
      member("b", "db"),
      member("c", "db", "one-by-one", "fresh"),
    ]),
  ).toEqual([
    { hosts: ["b"], group: "db" },
    { hosts: ["c"], group: "db" },
    { hosts: ["a"], group: "db", handover: true },
  ]);
});

test("hosts of no group go first and side by side, then clusters, then the first relay and the rest", () => {
  const members = [
    member("r1", "relay", "first-then-rest"),
    member("r2", "relay", "first-then-rest"),
    member("r3", "relay", "first-then-rest"),
    member("cache"),
    member("d1", "db"),
    member("d2", "db", "one-by-one", "leads"),
  ];
  expect(schedule(members).map(({ hosts }) => hosts)).toEqual([
    ["cache"],
    ["d1"],
    ["d2"],
    ["r1"],
    ["r2", "r3"],
  ]);
});

test("a host of two groups follows the stricter", () => {
  const both: Member = {
    ...member("a"),
    order: [
      { group: "relay", mode: "first-then-rest" },
      { group: "db", mode: "one-by-one" },
    ],
  };
  expect(schedule([both, member("b", "db")]).map(({ group }) => group)).toEqual(["db", "db"]);
});

test("stacks go zones first, then regions, then traffic", () => {
  expect(inOrder(["traffic", "region-us", "zones", "region-eu"])).toEqual([
    "zones",
    "region-us",
    "region-eu",
    "traffic",
  ]);
});
