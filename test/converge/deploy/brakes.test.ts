import { expect, test } from "vitest";
import { deletionOfStored, failingHosts, lossByPlan, lossOfRegion } from "../../../converge/deploy/brakes.ts";
import { changesOf, type PlanJson } from "../../../converge/terraform/plan-json.ts";
import { hostsInState } from "../../../converge/terraform/records.ts";

type Row = readonly [address: string, actions: readonly string[], triggers?: object | undefined];

/** As `terraform show -json` says it. */
function changes(...rows: readonly Row[]) {
  const plan: PlanJson = {
    resource_changes: rows.map(([address, actions, triggers]) => {
      const [type = "", name = ""] = address.split(".");
      const before =
        actions.includes("create") && actions.length === 1 ? null : { triggers_replace: triggers };
      return { address, mode: "managed", type, name, change: { actions, before } };
    }),
  };
  return changesOf(plan);
}

const CONVERGE: Row = [
  "terraform_data.converge",
  ["create", "delete"],
  { "eu-1": { manifest: "m1", address: "192.0.2.1" }, "eu-2": { manifest: "m2", address: "192.0.2.2" } },
];
const gone = (record: object = { packages: ["nginx"] }): Row => ["terraform_data.eu-2", ["delete"], record];
const hosts = new Map([["eu-1", "192.0.2.1"]]);

test.for<[name: string, rows: Row[], lost: string[], allowLoss?: string[], elsewhere?: [string, string]]>([
  ["a host whose record goes", [CONVERGE, gone()], ["eu-2"]],
  [
    "a record that Terraform is told to forget",
    [CONVERGE, ["terraform_data.eu-2", ["forget"], {}]],
    ["eu-2"],
  ],
  ["a host that was retired", [CONVERGE, gone({ retired: "yes", packages: [] })], []],
  ["a host that may be lost", [CONVERGE, gone()], [], ["eu-2"]],
  ["another that may be lost", [CONVERGE, gone()], ["eu-2"], ["eu-1"]],
  ["a host that moved to another region", [CONVERGE, gone()], [], [], ["eu-2", "192.0.2.2"]],
  ["another machine of its name in another region", [CONVERGE, gone()], ["eu-2"], [], ["eu-2", "192.0.2.9"]],
  ["a host that changes", [CONVERGE, ["terraform_data.eu-2", ["create", "delete"], {}]], []],
  ["a host that comes", [CONVERGE, ["terraform_data.eu-3", ["create"]]], []],
  ["all hosts of a region", [["terraform_data.converge", ["delete"], CONVERGE[2]], gone()], ["eu-2"]],
])("loss: %s", ([, rows, lost, allowLoss = [], elsewhere]) => {
  const present = { hosts: new Map([...hosts, ...(elsewhere ? [elsewhere] : [])]), allowLoss };
  const refusals = lossByPlan(changes(...rows), present);
  expect(refusals.map(({ reason }) => reason.split(" ", 1)[0])).toEqual(lost);
  for (const { reason } of refusals) expect(reason).toContain(`--allow-loss ${lost[0]}`);
});

function state(...records: [name: string, value: object, status?: string | undefined, deposed?: string][]) {
  const names = [...new Set(records.map(([name]) => name))];
  return {
    resources: names.map((name) => ({
      mode: "managed",
      type: "terraform_data",
      name,
      instances: records
        .filter(([each]) => each === name)
        .map(([, value, status, deposed]) => ({
          attributes: { triggers_replace: { value, type: [] } },
          ...(status && { status }),
          ...(deposed && { deposed }),
        })),
    })),
  };
}

test("a region that is gone as a whole loses its hosts, but for those that were retired or moved", () => {
  const hostsOfState = hostsInState(
    state(
      ["converge", { "us-1": { address: "192.0.2.11" }, "us-3": { address: "192.0.2.13" } }],
      ["us-1", { packages: [] }],
      ["us-2", { retired: ["lost"] }],
      ["us-3", {}],
    ),
  );
  const present = { hosts: new Map([["us-3", "192.0.2.13"]]), allowLoss: [] };
  const refusals = lossOfRegion(
    "region-us",
    { hosts: hostsOfState, state: "terraform.region-us.tfstate" },
    present,
  );
  expect(refusals).toHaveLength(1);
  expect(refusals[0]?.reason).toMatch(
    /^us-1 would be lost, .*region-us is gone from the platform file, and terraform\.region-us\.tfstate still knows it/,
  );
  const allowed = { ...present, allowLoss: ["us-1"] };
  expect(lossOfRegion("region-us", { hosts: hostsOfState, state: "" }, allowed)).toEqual([]);
});

test("what an apply that failed left behind is not what was recorded last", () => {
  const hosts = hostsInState(
    state(
      ["converge", { a: { manifest: "new" } }, "tainted"],
      ["converge", { a: { manifest: "old" } }, undefined, "1234abcd"],
      ["a", {}],
    ),
  );
  expect(hosts).toEqual([{ host: "a", manifest: "old", retired: false }]);
});

test.for<[type: string, actions: string[], refused: boolean]>([
  ["aws_route53_zone", ["delete"], true],
  ["aws_route53_zone", ["create", "delete"], true],
  ["aws_route53_zone", ["delete", "create"], true],
  ["aws_route53_zone", ["update"], false],
  ["aws_route53_zone", ["create"], false],
  ["aws_kms_key", ["delete"], true],
  ["aws_route53_key_signing_key", ["delete", "create"], true],
  ["cloudflare_zone", ["delete"], true],
  ["cloudflare_dns_record", ["delete"], false],
  ["terraform_data", ["create", "delete"], false],
])("deletion: %s %j", ([type, actions, refused]) => {
  const plan = changes([`${type}.live`, actions, {}]);
  expect(deletionOfStored(plan, []).map(({ reason }) => reason.split(" ", 1)[0])).toEqual(
    refused ? [`${type}.live`] : [],
  );
  expect(deletionOfStored(plan, [`${type}.live`])).toEqual([]);
  expect(deletionOfStored(plan, [`${type}.other`])).toHaveLength(refused ? 1 : 0);
});

test.for<[hosts: number, failing: number, refused: boolean]>([
  [1, 0, false],
  [1, 1, true],
  [3, 1, true],
  [4, 1, false],
  [10, 3, false],
  [10, 4, true],
])("hosts: of %d %d can not be asked", ([count, failing, refused]) => {
  const names = Array.from({ length: failing }, (_, index) => `eu-${index + 1}`);
  expect(failingHosts("region-eu", count, names)).toHaveLength(refused ? 1 : 0);
});
