// The host's script on this machine, with a state of its own: what needs no systemd and changes nothing outside of it.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { bootstrapScript } from "../../bundle/bootstrap.ts";
import { sha256 } from "../../bundle/hash.ts";

const why = [
  ...(process.getuid?.() === 0 ? [] : ["root, who alone may give files away"]),
  ...(spawnSync("flock", ["--version"]).status === 0 ? [] : ["flock is not installed"]),
];
const missing = why.length > 0 ? ` (${why.join(", ")})` : "";
const HASH = "a".repeat(64);

describe.skipIf(missing)(`the host's script${missing}`, () => {
  let folder: string;
  let state: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "host-script-"));
    state = join(folder, "state");
    writeFileSync(join(folder, "script"), bootstrapScript());
    mkdirSync(join(folder, "apply"));
    script("unlock");
  });
  afterEach(() => {
    for (const name of [lock(), `${lock()}.step`]) rmSync(name, { force: true });
  });

  const env = () => ({ ...process.env, SOUNDSTAGE_STATE: state, SOUNDSTAGE_APPLY: join(folder, "apply") });
  function script(...words: readonly string[]) {
    const { status, stdout, stderr } = spawnSync("sh", [join(folder, "script"), ...words], {
      env: env(),
      encoding: "utf8",
    });
    return { status, stdout, stderr };
  }
  const lock = () => `/run/soundstage${state.replaceAll("/", "-")}.lock`;
  const exists = (path: string) => existsSync(join(state, path));

  /** A manifest of these records, and its scripts and texts as objects. */
  function manifest(records: readonly (readonly string[])[], objects: readonly string[] = []): string {
    for (const text of objects) writeFileSync(join(state, "objects", sha256(text)), text);
    const lines = [["soundstage", "1", HASH, "one"], ...records].map((record) => `${record.join("\t")}\n`);
    return lines.join("");
  }
  const file = (path: string, text: string) =>
    ["file", "0644", "root:root", sha256(text), String(text.length), "text", path] as const;

  function generation(number: number, text = manifest([])): void {
    mkdirSync(join(state, "generations", String(number), "secrets"), { recursive: true });
    writeFileSync(join(state, "generations", String(number), "manifest"), text);
  }
  const stage = (text: string) => writeFileSync(join(state, "staged", "manifest"), text);

  /** A bundle applied by hand, from a folder with a blank in its name; the lines are systemd-run's. */
  function byHand(text: string, ...systemdRun: readonly string[]) {
    const [bundle, tools] = [join(folder, "my bundle"), join(folder, "tools")];
    for (const made of [bundle, tools]) mkdirSync(made);
    writeFileSync(join(bundle, "bootstrap.sh"), bootstrapScript());
    writeFileSync(join(bundle, "manifest"), text);
    for (const [name, lines] of [
      ["systemd-run", systemdRun],
      ["systemctl", ["exit 3"]],
    ] as const)
      writeFileSync(join(tools, name), `${["#!/bin/sh", ...lines].join("\n")}\n`, { mode: 0o755 });
    const command = 'mount --bind "$1" /usr/local/sbin && exec sh "$2" apply';
    const words = ["--mount", "sh", "-c", command, "sh", tools, join(bundle, "bootstrap.sh")];
    return spawnSync("unshare", words, { env: env(), encoding: "utf8" });
  }

  test("what a restart leaves to do waits for a run that has the host by then", async () => {
    generation(1);
    writeFileSync(join(state, "journal"), "0 1 applying\n");
    const run = spawn("flock", [lock(), "sh", "-c", "echo held; read -r end"], { stdio: "pipe" });
    onTestFinished(() => void run.kill());
    await once(run.stdout, "data");
    const recovery = spawn("sh", [join(folder, "script"), "recovered"], { env: env(), stdio: "pipe" });
    onTestFinished(() => void recovery.kill());
    const said = text(recovery.stdout);
    const ended = once(recovery, "close");
    expect(await Promise.race([ended, sleep(1500, "waits")])).toBe("waits");
    expect(exists("journal")).toBe(true);
    run.stdin.end("end\n");
    expect([await ended, await said]).toEqual([[0, null], "back\tgeneration 0 is in place again\n"]);
    expect([exists("journal"), exists("generations/1")]).toEqual([false, false]);
  });

  test.for(["revert", "guard"])("%s takes no generation away that holds already", (verb) => {
    generation(1);
    symlinkSync(join(state, "generations/1"), join(state, "current"));
    writeFileSync(join(state, "journal"), "0 1 applied\n");
    expect([script(verb).status, exists("journal"), exists("generations/1/manifest")]).toEqual([
      0,
      false,
      true,
    ]);
  });

  test("drift says what is gone, and which mode and owner there are in the place of which", () => {
    const path = (name: string) => join(folder, name);
    for (const name of ["other", "open", "theirs", "secret"])
      writeFileSync(path(name), "page\n", { mode: 0o644 });
    chmodSync(path("open"), 0o666);
    chownSync(path("theirs"), 12_345, 0);
    const records = ["gone", "open", "theirs"].map((name) => file(path(name), "page\n"));
    const others = [
      file(path("other"), "else\n"),
      ["secret", "0600", "root:root", "1", path("secret")],
      ["dir", "0755", "root:root", path("folder")],
    ];
    generation(1, manifest([...records, ...others]));
    symlinkSync(join(state, "generations/1"), join(state, "current"));
    const said = script("inspect")
      .stdout.split("\n")
      .filter((line) => line.startsWith("drift"));
    expect(said.map((line) => line.replace(`drift\t${folder}/`, "")).sort()).toEqual([
      "folder (gone)",
      "gone (gone)",
      "open (mode is 0666, not 0644)",
      "other",
      "secret (mode is 0644, not 0600)",
      "theirs (owner is UNKNOWN:root, not root:root)",
    ]);
  });

  test("a folder that stands where a file shall be is refused, and stays", () => {
    const path = join(folder, "page");
    mkdirSync(path);
    writeFileSync(join(path, "theirs"), "");
    stage(manifest([file(path, "page\n")], ["page\n"]));
    expect(script("check")).toEqual({
      status: 10,
      stdout: "",
      stderr: `failed\tcheck\tfiles\t1\n${path} is a folder, and a file is to be there: move it away\n`,
    });
    expect(existsSync(join(path, "theirs"))).toBe(true);
  });

  test("a file takes the place of a link to a folder, and does not land in that folder", () => {
    const [path, behind] = [join(folder, "page"), join(folder, "behind")];
    mkdirSync(behind);
    symlinkSync(behind, path);
    stage(manifest([file(path, "page\n")], ["page\n"]));
    expect([script("check").status, script("apply-staged")]).toEqual([
      0,
      { status: 0, stdout: `files\t${path}\n`, stderr: "" },
    ]);
    expect([readFileSync(path, "utf8"), existsSync(join(behind, ".page.soundstage"))]).toEqual([
      "page\n",
      false,
    ]);
  });

  test("a rollback is one in the audit, and what is staged after it is none", () => {
    generation(1);
    writeFileSync(join(state, "generations/1/facts"), "");
    writeFileSync(join(state, "generations/1/meta"), "2026-03-01T10:00:00Z\nanna\n-\n");
    generation(2);
    symlinkSync(join(state, "generations/2"), join(state, "current"));
    const committed = (old: number, number: number) => {
      generation(number);
      writeFileSync(join(state, "journal"), `${old} ${number} applied\n`);
      expect(script("commit").status).toBe(0);
      return readFileSync(join(state, "audit"), "utf8").trim().split("\t").at(-1);
    };
    expect(script("restage", "1").status).toBe(0);
    expect(committed(2, 3)).toBe("3 after 2, a rollback to 1");
    const staged = spawnSync("sh", [join(folder, "script"), "stage", "-"], {
      env: env(),
      input: manifest([]),
    });
    expect(staged.status).toBe(0);
    expect(committed(3, 4)).toBe("4 after 3");
  });

  test("a kernel key whose network card is gone keeps nobody from an apply", () => {
    writeFileSync(join(state, "sysctls"), "net.ipv4.conf.gone0.rp_filter\t1\n");
    stage(manifest([]));
    expect(script("apply-staged")).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(
      spawnSync("sh", [join(folder, "script"), "compare"], {
        env: env(),
        input: manifest([]),
      }).stdout.toString(),
    ).not.toContain("kernel");
  });

  test("what outlives a run by hand does not hang on the folder that it was begun in", () => {
    const asked = join(folder, "asked");
    const run = byHand(
      manifest([]),
      `for word; do printf '%s\\n' "$word" >>${asked}; done`,
      'for word; do case $word in --setenv=SOUNDSTAGE_APPLY=*) : >"${word#*=*=}/started" ;; esac; done',
      "exit 9",
    );
    expect(run.status).toBe(9);
    expect(readFileSync(asked, "utf8")).toMatch(
      /^--property=ExecStopPost=\/bin\/sh \S+\/state\/bin\/\S+ recover unit$/m,
    );
    expect(readFileSync(asked, "utf8")).not.toContain("my bundle");
  });

  test("what a timer put back during the probes of a run by hand has failed and is back, no more", () => {
    const path = join(folder, "page");
    const probe = `sh ${join(folder, "script")} guard >/dev/null; exit 1`;
    const text = manifest([file(path, "page\n"), ["probe", "page", "0", sha256(probe)]], ["page\n", probe]);
    const run = byHand(
      text,
      'while :; do case $1 in --setenv=*) export "${1#--setenv=}" ;; --*) ;; *) break ;; esac; shift; done',
      'exec "$@"',
    );
    expect([run.status, run.stderr]).toEqual([11, "failed\tprobe\tpage\t1\n"]);
    expect([existsSync(path), exists("journal")]).toEqual([false, false]);
  });

  test("whoever ends it from the keyboard leaves nothing of it in memory", () => {
    const interrupts = `printf '%s' "$WORK" >${join(folder, "work")}; kill -INT "$PPID"`;
    const due = "exit 1";
    stage(
      manifest(
        [["action", "ends", "prepare", "host", sha256(due), sha256(interrupts), "-", "-"]],
        [due, interrupts],
      ),
    );
    expect(script("prepare").status).toBe(130);
    const work = readFileSync(join(folder, "work"), "utf8");
    expect(work).toMatch(/^\/run\/soundstage\./);
    expect(existsSync(work)).toBe(false);
  });
});
