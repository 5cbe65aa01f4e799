import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Converge } from "../../constructs/host/converge.ts";
import { converge } from "../../converge/converge.ts";
import { synthOutput } from "../constructs/synth.ts";
import { captured } from "./captured.ts";
import { Lab } from "./lab.ts";
import { labHost } from "./lab-host.ts";
import { labMissing } from "./requirements.ts";

const missing = labMissing();
const KEY = "net.ipv4.tcp_max_syn_backlog";

interface Want {
  readonly page?: string;
  readonly config?: string;
  readonly extra?: boolean;
  readonly unit?: string;
  readonly secretVersion?: number;
  readonly hostKey?: string;
}

describe.skipIf(missing)(`converge${missing ? ` (${missing})` : ""}`, () => {
  let lab: Lab;
  const said = captured();

  beforeAll(async () => {
    lab = await Lab.start({ hosts: [{ name: "one" }, { name: "two" }] });
    process.env.SOUNDSTAGE_PLATFORM = join(lab.folder, "platform.yaml");
    writeFileSync(join(lab.folder, "secret"), "an-open-sesame\n");
  });
  afterAll(async () => {
    await lab?.stop();
  });

  /** A web server with a page, a kernel key and a secret, on both hosts, or with other wishes for the second. */
  function output(one: Want, two: Want = one): string {
    return synthOutput((stack) => {
      const hosts = (["one", "two"] as const).map((name) => {
        const { address, hostKey } = lab.host(name);
        const want = name === "one" ? one : two;
        const host = labHost(stack, name, { address, hostKey: want.hostKey ?? hostKey });
        host.package(stack, "nginx-light");
        host.file(stack, "/etc/nginx/sites-enabled/default", {
          content: want.config ?? "server { listen 80; root /srv/page; }\n",
        });
        host.file(stack, "/srv/page/index.html", { content: want.page ?? "first\n" });
        if (want.extra) host.file(stack, "/etc/motd", { content: "ours\n", mode: "0640" });
        host.sysctl(stack, KEY, 4096);
        host.secret(stack, "/etc/soundstage/secret", {
          parts: ["value=", { file: "secret", version: want.secretVersion ?? 1 }, "\n"],
        });
        host.check(stack, "nginx", { command: "nginx -t", paths: ["/etc/nginx/sites-enabled/default"] });
        host.unit(stack, "nginx.service", { reload: ["/etc/nginx/sites-enabled/default"] });
        if (want.unit) {
          host.file(stack, "/etc/systemd/system/extra.service", { content: want.unit });
          host.unit(stack, "extra.service", { restart: ["/etc/systemd/system/extra.service"] });
        }
        host.probe(stack, "page", { command: "exec 3<>/dev/null; systemctl is-active nginx", seconds: 5 });
        return host;
      });
      new Converge(stack, "converge", { stack: "test", hosts });
    });
  }

  const page = (name: string) =>
    spawnSync("curl", ["-s", `http://${lab.host(name).address}/`], { encoding: "utf8" }).stdout;

  test("a bare host is brought to its bundle, and the second run changes nothing", async () => {
    const out = output({});
    expect([await converge({ output: out, stack: "test" }), said]).toEqual([0, expect.anything()]);
    expect(page("one")).toBe("first\n");
    expect(await lab.host("two").must(`cat /proc/sys/${KEY.replaceAll(".", "/")}`)).toBe("4096\n");
    expect(
      await lab.host("one").must("stat -c '%a %U' /etc/soundstage/secret; cat /etc/soundstage/secret"),
    ).toBe("600 root\nvalue=an-open-sesame\n");
    said.splice(0);
    expect(await converge({ output: out, stack: "test" })).toBe(0);
    expect(said.map((line) => line.split(/\s+/).slice(0, 2).join(" ")).sort()).toEqual([
      "2 same,",
      "one same",
      "two same",
    ]);
  });

  test("drift is named and mended", async () => {
    const out = output({});
    await lab
      .host("one")
      .must(
        "echo edited > /srv/page/index.html; chmod 600 /etc/nginx/sites-enabled/default; systemctl stop nginx",
      );
    expect(await converge({ output: out, stack: "test" })).toBe(0);
    expect(said.join("\n")).toMatch(/one +drift +.*\/srv\/page\/index\.html/);
    expect(said.join("\n")).toMatch(/one +drift +.*nginx\.service is inactive/);
    expect(said.join("\n")).toMatch(/two +same/);
    expect(page("one")).toBe("first\n");
  });

  test("a service that runs with what somebody wrote over ours takes up ours again", async () => {
    const out = output({});
    await lab
      .host("one")
      .must(
        "mkdir /srv/theirs; echo theirs > /srv/theirs/index.html; sed -i s,/srv/page,/srv/theirs, /etc/nginx/sites-enabled/default; systemctl reload nginx",
      );
    await expect.poll(() => page("one")).toBe("theirs\n");
    expect(await converge({ output: out, stack: "test" })).toBe(0);
    expect(said.join("\n")).toMatch(/one +units +nginx\.service reloaded/);
    await expect.poll(() => page("one")).toBe("first\n");
    said.splice(0);
    expect(await converge({ output: out, stack: "test" })).toBe(0);
    expect(said.join("\n")).toMatch(/2 same/);
  });

  test("a configuration that its checker refuses stops every host before anything changes", async () => {
    const code = await converge({
      output: output(
        { page: "second\n" },
        { page: "second\n", config: "server { listen 80; rooot /srv; }\n" },
      ),
      stack: "test",
    });
    expect(code).toBe(1);
    expect(said.join("\n")).toMatch(/two +FAILED +check nginx: exit code 1/);
    expect(said.join("\n")).toContain('unknown directive "rooot"');
    expect([page("one"), page("two")]).toEqual(["first\n", "first\n"]);
    expect(await converge({ output: output({}), stack: "test" })).toBe(0);
  });

  test("a unit that dies puts the host back, and leaves the others changed and served", async () => {
    const dies =
      "[Service]\nExecStart=/bin/sh -c 'echo the reason it died >&2; exit 3'\n[Install]\nWantedBy=multi-user.target\n";
    expect(
      await converge({
        output: output({ page: "third\n" }, { page: "third\n", extra: true, unit: dies }),
        stack: "test",
      }),
    ).toBe(1);
    expect(said.join("\n")).toMatch(/two +FAILED +units extra\.service/);
    expect(said.join("\n")).toContain("the reason it died");
    expect(said.join("\n")).toContain("previous generation is in place again");
    expect([page("one"), page("two")]).toEqual(["third\n", "first\n"]);
    expect(
      (await lab.host("two").exec("ls /etc/systemd/system/extra.service; cat /etc/motd")).stdout,
    ).not.toContain("ours");
  });

  test("what left the manifest goes, and what a package or the base had there comes back", async () => {
    const motd = await lab.host("one").must("stat -c %a /etc/motd; sha256sum < /etc/motd");
    expect(await converge({ output: output({ extra: true }), stack: "test" })).toBe(0);
    expect(await lab.host("one").must("stat -c %a /etc/motd; cat /etc/motd")).toBe("640\nours\n");
    expect(await converge({ output: output({}), stack: "test" })).toBe(0);
    expect(await lab.host("one").must("stat -c %a /etc/motd; sha256sum < /etc/motd")).toBe(motd);
  });

  test("another host key is refused before anything is sent", async () => {
    const other = lab.host("one").hostKey;
    expect(await converge({ output: output({}, { hostKey: other }), stack: "test" })).toBe(1);
    expect(said.join("\n")).toMatch(
      /two +FAILED +the host key of .* is SHA256:.*, and the platform file pins ssh-ed25519/,
    );
  });

  test("a new value under an old version is refused; under a new one it is rotated", async () => {
    writeFileSync(join(lab.folder, "secret"), "another-word\n");
    expect(await converge({ output: output({}), stack: "test" })).toBe(1);
    expect(said.join("\n")).toContain("raise its version");
    expect(await converge({ output: output({ secretVersion: 2 }), stack: "test" })).toBe(0);
    expect(await lab.host("one").must("cat /etc/soundstage/secret")).toBe("value=another-word\n");
    expect(said.join("\n")).not.toContain("another-word");
  });

  test("an apply that is killed leaves no mixed set: it is put back, and the next run completes it", async () => {
    const slow =
      "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sleep 20\n[Install]\nWantedBy=multi-user.target\n";
    const out = output({ page: "fourth\n", unit: slow, secretVersion: 2 });
    const running = converge({ output: out, stack: "test", hosts: ["one"] });
    const host = lab.host("one");
    await vi.waitFor(
      async () => expect((await host.exec("systemctl is-active extra.service")).stdout).toBe("activating\n"),
      { timeout: 20_000, interval: 200 },
    );
    expect(page("one")).toBe("fourth\n");
    await host.must("systemctl kill --kill-whom=all --signal=KILL soundstage-apply.service");
    expect(await running).toBe(1);
    await vi.waitFor(() => expect(page("one")).toBe("first\n"), { timeout: 10_000, interval: 200 });
    expect((await host.exec("test -e /var/lib/soundstage/journal")).code).not.toBe(0);
    expect(await converge({ output: output({ page: "fourth\n", secretVersion: 2 }), stack: "test" })).toBe(0);
    expect(page("one")).toBe("fourth\n");
  });

  test("an output that is not what was planned is refused", async () => {
    const out = output({ secretVersion: 2 });
    const triggers = JSON.stringify({ one: "another", two: "another" });
    await expect(converge({ output: out, stack: "test", triggers })).rejects.toThrow(
      /not what was planned: the bundle, address or host key of one, two differs/,
    );
  });

  test("the same bundle is applied by hand, without SSH", async () => {
    const out = output({ page: "by hand\n", secretVersion: 2 });
    const folder = join(lab.host("one").root, "root", "bundle");
    mkdirSync(folder, { recursive: true });
    spawnSync("cp", ["-r", `${join(out, "stacks", "test", "hosts", "one")}/.`, folder]);
    const done = await lab.host("one").exec("sh /root/bundle/bootstrap.sh apply");
    expect([done.code, done.stderr]).toEqual([0, ""]);
    expect(page("one")).toBe("by hand\n");
    expect((await lab.host("one").exec("sh /root/bundle/bootstrap.sh verify")).code).toBe(0);
    await lab.host("one").must("echo edited > /srv/page/index.html");
    const differs = await lab.host("one").exec("sh /root/bundle/bootstrap.sh verify");
    expect([differs.code, differs.stdout]).toEqual([2, "drift\t/srv/page/index.html\n"]);
    expect(readFileSync(join(folder, "bootstrap.sh"), "utf8")).toContain("apply_by_hand");
  });
});
