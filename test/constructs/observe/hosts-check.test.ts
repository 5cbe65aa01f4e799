import { posix } from "node:path";
import { expect, test } from "vitest";
import { observedFile } from "../../../bundle/observed.ts";
import { HostsCheck } from "../../../constructs/observe/hosts-check.ts";
import { json, synth } from "../synth.ts";

test("a stack warns of what its hosts were seen to have, and errs of nothing", async () => {
  const file = posix.join("../..", observedFile("../platform.yaml", "region-eu"));
  const out = synth((stack) => new HostsCheck(stack, "observed", { stack: "region-eu", file }));
  await expect(json({ check: out.check, locals: out.locals })).toMatchFileSnapshot(
    "golden/hosts-check.tf.json",
  );
});

test.for([
  ["../platform.yaml", "../.soundstage/observed/region-eu.json"],
  ["../other/one.yaml", "../other/.soundstage/observed/one.region-eu.json"],
  ["platform.yaml", ".soundstage/observed/region-eu.json"],
])("beside %s it is %s", ([platform, file]) => {
  expect(observedFile(platform as string, "region-eu")).toBe(file);
});
