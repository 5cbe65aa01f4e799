import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { memberScript } from "../../../templates/etcd/member.ts";

const URL = "https://10.0.0.1:2380";
const PEER = "https://10.0.0.2:2379";
const MEMBERS = [1, 2, 3].map(
  (n) => `${n}a, started, db-${n}, https://10.0.0.${n}:2380, https://10.0.0.${n}:2379, false`,
);

/** Runs a verb with an etcdctl whose cluster is healthy; `list` is the shell's, in the place of `member list`. */
function member(verb: string, list: string) {
  const folder = mkdtempSync(join(tmpdir(), "member-"));
  const etcdctl = [
    "#!/bin/sh",
    'case "$*" in',
    `  *"member list"*) ${list} ;;`,
    `  *"member remove"*) echo "$*" >${folder}/removed ;;`,
    "esac",
  ];
  writeFileSync(join(folder, "etcdctl"), `${etcdctl.join("\n")}\n`);
  chmodSync(join(folder, "etcdctl"), 0o755);
  writeFileSync(join(folder, "host.key"), "key");
  const script = memberScript()
    .replace("TLS=/etc/etcd/tls", `TLS=${folder}`)
    .replace("PATIENCE=60", "PATIENCE=1");
  const { status, stderr } = spawnSync("sh", ["-s", "--", verb, URL, PEER], {
    input: script,
    env: { ...process.env, PATH: `${folder}:${process.env.PATH}` },
    encoding: "utf8",
  });
  const removed = spawnSync("cat", [join(folder, "removed")], { encoding: "utf8" }).stdout;
  return { status, stderr, removed };
}

const answers = `cat <<'END'\n${MEMBERS.join("\n")}\nEND\n`;
const fails = "echo 'context deadline exceeded' >&2; exit 1";

test("a member leaves by its number", () => {
  expect(member("leave", answers)).toMatchObject({
    status: 0,
    removed: expect.stringContaining("member remove 1a"),
  });
  expect(member("listed", answers).status).toBe(0);
});

test("one that is none has left, and is not listed", () => {
  const others = answers.replace(`${MEMBERS[0]}\n`, "");
  expect([member("listed", others).status, member("leave", others)]).toEqual([
    1,
    { status: 0, stderr: "", removed: "" },
  ]);
});

test("members that can not be listed are no answer: neither has it left, nor is it none", () => {
  expect(member("listed", fails).status).toBe(2);
  expect(member("leave", fails)).toEqual({ status: 1, stderr: "context deadline exceeded\n", removed: "" });
  // Healthy, and then slow just when the member is to be taken out.
  const once = `[ -e "$0.asked" ] && { ${fails}; }; : >"$0.asked"; ${answers}`;
  expect(member("leave", once)).toEqual({ status: 1, stderr: "context deadline exceeded\n", removed: "" });
});
