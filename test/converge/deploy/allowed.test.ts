import { expect, test } from "vitest";
import { requireKnown } from "../../../converge/deploy/allowed.ts";
import { nearest } from "../../../platform/suggest.ts";

const resource = (type: string, name: string, ...keys: string[]) => ({
  mode: "managed",
  type,
  name,
  instances: keys.length > 0 ? keys.map((index_key) => ({ index_key })) : [{}],
});
const states = [
  { resources: [resource("aws_route53_zone", "live"), resource("aws_kms_key", "signing", "eu")] },
  { resources: [resource("terraform_data", "converge"), resource("terraform_data", "eu-2")] },
  {},
];
const known = { hosts: ["eu-1"], states };

test("what a state or the output has may be named", () => {
  const allowDelete = ["aws_route53_zone.live", 'aws_kms_key.signing["eu"]'];
  requireKnown({ allowLoss: ["eu-1", "eu-2"], allowDelete }, known, nearest);
});

test("what nothing has is refused, all of it at once, with what was probably meant", () => {
  const slips = () =>
    requireKnown({ allowLoss: ["eu-22", "mexico"], allowDelete: ["aws_route53_zone.life"] }, known, nearest);
  expect(slips).toThrow(
    [
      "--allow-loss eu-22: there is no such host in the states of what is deployed; did you mean eu-2?",
      "--allow-loss mexico: there is no such host in the states of what is deployed; leave the option out, or name what the refusal names",
      "--allow-delete aws_route53_zone.life: there is no such address in the states of what is deployed; did you mean aws_route53_zone.live?",
    ].join("\n"),
  );
});
