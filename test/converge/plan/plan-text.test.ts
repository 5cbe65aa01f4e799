import { expect, test } from "vitest";
import { hostPlan } from "../../../converge/plan/host-plan.ts";
import { PlanText } from "../../../converge/plan/plan-text.ts";
import type { Line } from "../../../converge/script/answer.ts";
import { base64, file, held, manifest, SECRETS, shown, VALUE, wanted } from "./wanted.ts";

test("of a text that is added all lines are shown, known values masked; of what is no text none", () => {
  const added = (text: string, size = text.length) =>
    new PlanText(false).host(
      hostPlan(
        {
          ...wanted,
          text: () => text,
          manifest: {
            ...manifest,
            files: [{ ...file("/etc/nginx.conf"), size }, ...manifest.files.slice(1)],
          },
        },
        [
          ...held(),
          ...SECRETS,
          ["file", "new", "-", "-", "-", "/etc/nginx.conf"],
          ["file", "new", "-", "-", "-", "/opt/node"],
        ],
      ),
    );
  expect(added(`listen 80;\ntoken ${VALUE};\n`)).toContain(`
  + /etc/nginx.conf  0644 root:root, 38 bytes
    @@ -0,0 +1,2 @@
    +listen 80;
    +token ********;
  + /opt/node  0755 root:root, 28 bytes
`);
  expect(added("much\n", 262_145)).toContain(
    "  + /etc/nginx.conf  0644 root:root, 262145 bytes; its lines are not shown: they are long\n  + /opt",
  );
});

test("a script that fails has not said no: what could not be asked is said, with its last line", () => {
  const text = shown([
    ...held(),
    ...SECRETS,
    ["action", "drain", "failed", "7", `no route to ${VALUE}`],
    ["unasked", "db", "leads", "28", "timed out"],
    ["unasked", "db", "fresh", "2", ""],
  ]);
  expect(text).toContain(
    "  ! group db: could not be asked whether the host leads it (exit code 28: timed out); the order below takes it as no\n",
  );
  expect(text).toContain("whether the host has no data yet (exit code 2);");
  expect(text).toContain(
    "  ! action drain (host): could not be asked whether it is due (exit code 7: no route to ********)\n",
  );
});

test("on a terminal keys stand out and comments stand back, and what is read stays the same", () => {
  const answer: Line[] = [
    ...held(),
    ...SECRETS,
    ["file", "content", "0644", "root:root", "regular file", "/etc/nginx.conf"],
    ["content", base64("listen 80;\nserver_name old; # theirs"), "/etc/nginx.conf"],
  ];
  const seen = shown(answer, true);
  expect(seen).toContain("   \u001b[1mlisten\u001b[0m 80;\n");
  expect(seen).toContain(
    "\u001b[31m  -\u001b[0m\u001b[31;1mserver_name\u001b[0m\u001b[31m old; \u001b[0m\u001b[31;2m# theirs\u001b[0m\n",
  );
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is meant
  expect(seen.replace(/\u001b\[[\d;]*m/g, "")).toBe(shown(answer));
});
