import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Converge } from "../../constructs/host/converge.ts";
import { converge } from "../../converge/converge.ts";
import { synthOutput } from "../constructs/synth.ts";
import { captured } from "./captured.ts";
import { Lab } from "./lab.ts";
import { labHost } from "./lab-host.ts";
import { labMissing } from "./requirements.ts";

const missing = labMissing();
const SECRET = "/etc/soundstage/secrets/token";
const UNITS = ["consumer", "bystander"] as const;

describe.skipIf(missing)(`secrets${missing ? ` (${missing})` : ""}`, () => {
  let lab: Lab;
  const said = captured();

  beforeAll(async () => {
    lab = await Lab.start({ hosts: [{ name: "one" }] });
    process.env.SOUNDSTAGE_PLATFORM = join(lab.folder, "platform.yaml");
  });
  afterAll(async () => {
    await lab?.stop();
  });

  /** Two units, of which one is handed the secret as a credential. */
  function output(version: number, check = "true"): string {
    return synthOutput((stack) => {
      const { address, hostKey } = lab.host("one");
      const host = labHost(stack, "one", { address, hostKey });
      host.secret(stack, SECRET, { parts: [{ file: "token", version }, "\n"] });
      for (const name of UNITS) {
        const consumes = name === "consumer";
        host.service(stack, {
          name,
          description: name,
          command: ["/bin/sleep", "infinity"],
          environment: consumes ? { TOKEN_FILE: "{credential:token}" } : {},
          ...(consumes && { credentials: { token: SECRET } }),
          restart: consumes ? [SECRET] : [],
        });
      }
      host.check(stack, "token", { command: check, paths: [SECRET] });
      new Converge(stack, "converge", { stack: "test", hosts: [host] });
    });
  }

  const apply = (version: number, check?: string) =>
    converge({ output: output(version, check), stack: "test" });
  const invocations = async () =>
    (await lab.host("one").must(`systemctl show --property=InvocationID --value ${UNITS.join(" ")}`))
      .split("\n")
      .filter(Boolean);
  const credential = () => lab.host("one").must("cat /run/credentials/consumer.service/token");

  test("a raised version rotates a secret and restarts its consumers alone", async () => {
    writeFileSync(join(lab.folder, "token"), "here-comes-the-sun\n");
    expect([await apply(1), said]).toEqual([0, expect.anything()]);
    expect(await credential()).toBe("here-comes-the-sun\n");
    const [consumer, bystander] = await invocations();
    said.splice(0);

    writeFileSync(join(lab.folder, "token"), "across-the-universe\n");
    expect(await apply(2)).toBe(0);
    expect(await credential()).toBe("across-the-universe\n");
    const after = await invocations();
    expect(after[0]).not.toBe(consumer);
    expect(after[1]).toBe(bystander);
    expect(said.join("\n")).toContain("consumer.service restarted");
    expect(said.join("\n")).not.toContain("bystander.service");
  });

  test("a raised version with the value of before restarts nothing", async () => {
    const before = await invocations();
    expect(await apply(3)).toBe(0);
    expect(await invocations()).toEqual(before);
    expect(said.join("\n")).not.toContain("restarted");
  });

  test("another value under the version of before is refused, and nothing is changed", async () => {
    writeFileSync(join(lab.folder, "token"), "helter-skelter\n");
    expect(await apply(3)).toBe(1);
    expect(said.join("\n")).toContain(
      `the value of ${SECRET} is not the one that version 3 was applied with`,
    );
    expect(await credential()).toBe("across-the-universe\n");
  });

  test("a checker that quotes the line it refuses shows no value", async () => {
    expect(await apply(4, `echo "bad token: $(cat ${SECRET})" >&2; exit 1`)).toBe(1);
    expect(said.join("\n")).toContain("bad token: ********");
    expect(said.join("\n")).not.toMatch(/helter-skelter|across-the-universe|here-comes-the-sun/);
  });
});
