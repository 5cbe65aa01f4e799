import { expect, test } from "vitest";
import type { Action } from "../../../bundle/manifest.ts";
import { ClusterActions } from "../../../converge/order/cluster-actions.ts";

function carrier(host: string, ...ids: string[]) {
  const actions = ids.map(
    (id): Action => ({ id, when: "after", scope: "cluster", check: "false", apply: "true" }),
  );
  return { host, actions };
}

const WAVES = [
  { hosts: ["cache"], gates: [] },
  { hosts: ["d1"], group: "db", gates: ["db"] },
  { hosts: ["d2"], group: "db", gates: ["db"] },
  { hosts: ["r1", "r2"], group: "relay", gates: ["relay"] },
];

function actionsOf(...carriers: ReturnType<typeof carrier>[]): ClusterActions {
  const actions = new ClusterActions();
  for (const each of carriers) actions.add(each);
  return actions;
}

test("an action of a cluster is due once, when the waves of its group are over", () => {
  const actions = actionsOf(carrier("d1", "migrations"), carrier("d2", "migrations"));
  expect(actions.due(WAVES, 0)).toEqual([]);
  expect(actions.due(WAVES, 1)).toEqual([]);
  expect(actions.awaits("d1")).toBe(true);
  expect(actions.due(WAVES, 2)).toEqual([["migrations", ["d1", "d2"]]]);
  expect([actions.awaits("d1"), actions.due(WAVES, 3)]).toEqual([false, []]);
});

test("one whose carrier is in no group is due at the end: what it needs may be any group", () => {
  const actions = actionsOf(carrier("cache", "stanza"), carrier("d1", "stanza"));
  expect([0, 1, 2].flatMap((wave) => actions.due(WAVES, wave))).toEqual([]);
  expect(actions.due(WAVES, 3)).toEqual([["stanza", ["cache", "d1"]]]);
});

test("a carrier that does not change is named with those that do, and is not waited for", () => {
  const actions = actionsOf(carrier("d0", "settings"), carrier("d1", "settings"), carrier("other", "none"));
  expect(actions.due(WAVES, 1)).toEqual([["settings", ["d0", "d1"]]]);
  expect([2, 3].flatMap((wave) => actions.due(WAVES, wave))).toEqual([]);
});
