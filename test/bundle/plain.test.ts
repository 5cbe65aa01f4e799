import { expect, test } from "vitest";
import { manifestHash } from "../../bundle/bundle.ts";
import { sha256 } from "../../bundle/hash.ts";
import { commands, plainText } from "../../bundle/plain.ts";
import { bundleOf } from "../constructs/hosts.ts";

const { manifest } = bundleOf((host) => {
  host.package(host, "b", "a");
  host.file(host, "/etc/x", { content: "text\n", mode: "0640" });
  host.unit(host, "x.service", { restart: ["/etc/x"] });
  host.check(host, "x", { command: "true\n", paths: ["/etc/x"] });
  host.action(host, "do", { when: "after", scope: "host", check: "exit 1\n", apply: "echo done\n" });
  host.secret(host, "/etc/y", { parts: [{ env: "NAME", version: 2 }] });
});

test("the host's shell reads one record a line, scripts by their hash", () => {
  expect(plainText(manifest).split("\n")).toEqual([
    `soundstage\t1\t${manifestHash(manifest)}\tone`,
    "package\ta",
    "package\tb",
    `file\t0640\troot:root\t${sha256("text\n")}\t5\ttext\t/etc/x`,
    "secret\t0600\troot:root\t2\t/etc/y",
    "unit\tx.service\tstarted",
    "trigger\tx.service\trestart\t/etc/x",
    `check\tx\t${sha256("true\n")}`,
    "checkpath\tx\t/etc/x",
    `action\tdo\tafter\thost\t${sha256("exit 1\n")}\t${sha256("echo done\n")}\t-\t-`,
    "",
  ]);
  expect(plainText(manifest)).not.toContain("NAME");
});

test("scripts are named by what they are for", () => {
  expect([...commands(manifest).keys()]).toEqual(["check-x", "action-do.check", "action-do.apply"]);
});

test("a field that would break the lines is refused", () => {
  const broken = { ...manifest, packages: ["a\tb"] };
  expect(() => plainText(broken)).toThrow(/empty or spans lines/);
});
