import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { Secrets } from "../../../converge/secrets/secrets.ts";
import { PrivateKeys } from "../../../converge/ssh/private-keys.ts";
import type { Target } from "../../../converge/ssh/target.ts";

test("keys and secrets of ~/ are had from the home of who runs this, others from the platform's folder", () => {
  const [home, folder] = [mkdtempSync(join(tmpdir(), "home-")), mkdtempSync(join(tmpdir(), "platform-"))];
  mkdirSync(join(home, ".ssh"));
  for (const key of [join(home, ".ssh", "deploy"), join(folder, "deploy")])
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key]);
  writeFileSync(join(home, "ca.key"), "of the home");
  vi.stubEnv("HOME", home);
  vi.stubEnv("SSH_AUTH_SOCK", undefined);
  const secrets = new Secrets(folder);
  const keys = new PrivateKeys(folder, secrets);
  const methods = (identity: string) => keys.methods({ user: "root", identity } as Target);

  expect(methods("~/.ssh/deploy")).toMatchObject([{ type: "publickey" }]);
  expect(methods("deploy")).toMatchObject([{ type: "publickey" }]);
  expect(() => methods("~/absent")).toThrow(`the private key ${join(home, "absent")} can not be read`);
  expect(secrets.operator({ file: "~/ca.key" })).toBe("of the home");
  vi.unstubAllEnvs();
});
