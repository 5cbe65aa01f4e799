import { expect, test } from "vitest";
import { change } from "../../converge/rollback.ts";

/** A host whose leader hands over, told to end at one of its steps. */
function told(at?: string) {
  const done: string[] = [];
  const stop: { reason: string | undefined } = { reason: undefined };
  const step = (name: string) => async () => {
    done.push(name);
    if (name === at) stop.reason = "SIGTERM arrived";
  };
  const run = {
    member: async () => {
      await step("member")();
      return { host: "eu-1", order: [], fresh: new Set<string>(), leads: new Set(["db"]) };
    },
    handover: step("handover"),
    apply: step("apply"),
    gate: step("gate"),
    prove: step("prove"),
  };
  const ended = change(run, ["db"], stop, () => done.push("begins"));
  return ended.then((outcome) => ({ outcome, done }));
}

test("a rollback that is told to end before it changes anything has not begun; after that it is finished", async () => {
  const all = ["member", "handover", "begins", "apply", "gate", "prove"];
  expect(await told()).toEqual({ outcome: "changed", done: all });
  expect(await told("handover")).toEqual({ outcome: "not begun", done: ["member", "handover"] });
  expect(await told("apply")).toEqual({ outcome: "changed", done: all });
});
