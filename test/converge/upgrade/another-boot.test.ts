import { expect, test } from "vitest";
import { anotherBoot } from "../../../converge/upgrade/another-boot.ts";

/** Answers one after the other, the last of them for ever; an error is thrown. */
function asking(...answers: readonly (string | Error)[]) {
  let asked = 0;
  return async () => {
    const answer = answers[Math.min(asked, answers.length - 1)] as string | Error;
    asked += 1;
    if (answer instanceof Error) throw answer;
    return answer;
  };
}
const before = "one";

test("a host that fails to answer while it goes down is not back", async () => {
  const ask = asking("one", new Error("boot: exit code 1"), new Error("the connection is lost"), "two");
  expect(await anotherBoot({ before, ask, timeout: 10_000, look: 1 })).toBeUndefined();
  expect(await ask()).toBe("two");
});

test.for([
  ["one", "it still answers from the boot that was to end: see systemctl list-jobs there"],
  [new Error("connection refused"), "connection refused"],
] as const)("what was seen last is told where it does not come back: %s", async ([answer, seen]) => {
  expect(await anotherBoot({ before, ask: asking(answer), timeout: 20, look: 1 })).toBe(seen);
});
