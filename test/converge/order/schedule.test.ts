import { expect, test } from "vitest";
import { type Member, schedule } from "../../../converge/order/schedule.ts";
import { Share } from "../../../converge/order/share.ts";

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

const names = (members: readonly Member[], ...waves: string[]) =>
  schedule(members, ...(waves.length > 0 ? [waves.map((size) => Share.parse(size, "wave"))] : [])).map(
    ({ hosts }) => hosts.join(" "),
  );

test("a cluster without data starts together, and is asked when all have started", () => {
  expect(
    schedule([member("a", "db", "one-by-one", "fresh"), member("b", "db", "one-by-one", "fresh")]),
  ).toEqual([{ hosts: ["a", "b"], group: "db", gates: ["db"] }]);
});

test("a cluster with data changes one by one, the leader after the others, a new member last, each behind the gate", () => {
  expect(
    schedule([
      member("a", "db", "one-by-one", "leads"),
      member("c", "db", "one-by-one", "fresh"),
      member("b", "db"),
    ]),
  ).toEqual([
    { hosts: ["b"], group: "db", gates: ["db"] },
    { hosts: ["a"], group: "db", gates: ["db"] },
    { hosts: ["c"], group: "db", gates: ["db"] },
  ]);
});

test("who retires goes when the others have changed, and before the new member that takes the place", () => {
  const retires = { retires: true };
  expect(
    names([
      { ...member("page-1"), ...retires },
      { ...member("a", "db", "one-by-one", "leads"), ...retires },
      member("c", "db", "one-by-one", "fresh"),
      member("b", "db", "one-by-one", "leads"),
      member("page-2"),
    ]),
  ).toEqual(["page-2", "b", "a", "c", "page-1"]);
});

test("hosts of no group go first, then clusters, then the first relay and the rest, then what may go together", () => {
  const members = [
    member("t1", "page", "together"),
    member("r1", "relay", "first-then-rest"),
    member("t2", "page", "together"),
    member("r2", "relay", "first-then-rest"),
    member("r3", "relay", "first-then-rest"),
    member("cache"),
    member("d1", "db"),
    member("d2", "db", "one-by-one", "leads"),
  ];
  expect(names(members)).toEqual(["cache", "d1", "d2", "r1", "r2 r3", "t1 t2"]);
});

test("hosts of no group go the first alone, then a quarter, then the rest", () => {
  const many = Array.from({ length: 9 }, (_, index) => member(`h${index + 1}`));
  expect(names(many)).toEqual(["h1", "h2 h3", "h4 h5 h6 h7 h8 h9"]);
  expect(names(many.slice(0, 2))).toEqual(["h1", "h2"]);
  expect(schedule(many).every(({ group, gates }) => group === undefined && gates.length === 0)).toBe(true);
});

test.for([
  [["3"], ["a b c", "d e"]],
  [["100%"], ["a b c d e"]],
  [["50%"], ["a b", "c d", "e"]],
  // A share of few hosts is still one of them, or the run would never end.
  [["1%"], ["a", "b", "c", "d", "e"]],
] as const)("waves of %s are as Ansible's serial has them, the last repeated", ([sizes, expected]) => {
  expect(
    names(
      ["a", "b", "c", "d", "e"].map((name) => member(name)),
      ...sizes,
    ),
  ).toEqual(expected);
});

/** In two clusters that change one by one. */
function ofBoth(host: string, fresh: readonly string[] = [], leads: readonly string[] = []): Member {
  const order = ["db", "queue"].map((group) => ({ group, mode: "one-by-one" as const }));
  return { host, order, fresh: new Set(fresh), leads: new Set(leads) };
}

test("a host of two groups follows the stricter, and each of its groups is asked after it", () => {
  const both: Member = {
    ...member("a"),
    order: [
      { group: "relay", mode: "first-then-rest" },
      { group: "db", mode: "one-by-one" },
    ],
  };
  expect(schedule([both, member("b", "db"), member("r", "relay", "first-then-rest")])).toEqual([
    { hosts: ["a"], group: "db", gates: ["relay", "db"] },
    { hosts: ["b"], group: "db", gates: ["db"] },
    { hosts: ["r"], group: "relay", gates: ["relay"] },
  ]);
  expect(schedule([ofBoth("a", [], ["db"]), ofBoth("b"), member("c", "queue")])).toEqual([
    { hosts: ["b"], group: "db", gates: ["db", "queue"] },
    { hosts: ["a"], group: "db", gates: ["db", "queue"] },
    { hosts: ["c"], group: "queue", gates: ["queue"] },
  ]);
});

test("a group that starts from nothing is asked when its last member has started, wherever that is", () => {
  const members = [
    ofBoth("a", ["queue"]),
    ofBoth("b", ["queue"]),
    member("c", "queue", "one-by-one", "fresh"),
  ];
  expect(schedule(members).map(({ hosts, gates }) => [...hosts, ...gates])).toEqual([
    ["a", "db"],
    ["b", "db"],
    ["c", "queue"],
  ]);
});
