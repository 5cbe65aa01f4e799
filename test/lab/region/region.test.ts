import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clicks, decodeClicks } from "../clicks.ts";
import { Clients } from "../clients.ts";
import { Lab } from "../lab.ts";
import { labHosts } from "../platform-file.ts";
import { ProcessWatch } from "../process-watch.ts";
import { deployMissing } from "../requirements.ts";
import { must, run } from "../run.ts";
import { databaseTests } from "./database.ts";
import { LabRegion } from "./lab-region.ts";
import { memberTests, NEWCOMERS } from "./members.ts";

const missing = deployMissing();

describe.skipIf(missing)(`a region of six hosts${missing ? ` (${missing})` : ""}`, () => {
  let lab: Lab;
  let region: LabRegion;
  let clients: Clients;
  /** Of the first deploy. */
  let shown: ReturnType<ProcessWatch["end"]>;

  beforeAll(async () => {
    lab = await Lab.start({
      hosts: [...labHosts().map((name) => ({ name })), ...NEWCOMERS.map((name) => ({ name, later: true }))],
    });
    region = await LabRegion.create(lab);
    const watch = new ProcessWatch(secrets());
    const first = await region.deploy();
    shown = watch.end();
    expect(first.code, first.stdout + first.stderr).toBe(0);
    // More addresses of this machine, so that nginx spreads clients over workers.
    await lab.addAddresses(8);
    clients = new Clients(lab);
  });
  afterAll(async () => {
    clients?.close();
    await lab?.stop();
  });

  test("no process shows a secret while the hosts are brought up", () => {
    expect(shown.processes).toBeGreaterThan(1000);
    expect(shown.found).toEqual([]);
  });

  test("Redis answers who has the password, over TLS, and nobody else", async () => {
    const address = lab.host("cache-1").private;
    const cli = (env: Record<string, string>) =>
      run(
        "redis-cli",
        ["--no-auth-warning", "--tls", "--cacert", join(lab.folder, "ca", "ca.crt"), "-h", address, "ping"],
        { env },
      );
    expect(
      (await cli({ REDISCLI_AUTH: readFileSync(join(lab.folder, "secrets", "redis"), "utf8") })).stdout,
    ).toBe("PONG\n");
    expect((await cli({})).stdout).toContain("NOAUTH");
  });

  test.for(["edge-1", "edge-2"])(
    "https://%s/health verifies against the lab's CA with TLS 1.3",
    async (edge) => {
      const { protocol, body, headers } = await clients.health(edge);
      expect(protocol).toBe("TLSv1.3");
      expect(JSON.parse(body)).toMatchObject({ status: "ok", region: "lab" });
      expect(headers["strict-transport-security"]).toBe("max-age=63072000; includeSubDomains; preload");
    },
  );

  test("a name that is not ours gets no certificate", async () => {
    const { stderr, stdout } = await run("openssl", [
      "s_client",
      "-connect",
      `${lab.host("edge-1").address}:443`,
      "-servername",
      "other.example",
    ]);
    expect(stdout + stderr).toContain("unrecognized name");
    expect(stdout).toContain("no peer certificate available");
  });

  test("numbered clicks go from one worker of one host to another worker of another, in order", async () => {
    const token = readFileSync(join(lab.folder, "secrets", "broadcast"), "utf8");
    const source = await clients.ofWorker("edge-1", 3000);
    const listener = await clients.ofWorker("edge-2", 3001);
    const started = await source.emitWithAck("start-broadcast", { stream: "clicks", token });
    expect(started).toMatchObject({ ok: true });
    const joined = await listener.emitWithAck("join-stream", { stream: "clicks" });
    expect(joined).toMatchObject({ ok: true });
    expect(joined.info.instance).not.toBe(started.info.instance);
    expect(joined.info.instance.slice(0, 6)).not.toBe(started.info.instance.slice(0, 6));
    const heard: Uint8Array[] = [];
    listener.on("audio-data", (_stream: string, chunk: Uint8Array) => heard.push(chunk));
    const sent = await clicks(50);
    for (const chunk of sent) {
      source.emit("audio-chunk", chunk);
      await new Promise((done) => setTimeout(done, 60));
    }
    await expect.poll(() => heard.length, { timeout: 5000 }).toBe(sent.length);
    expect(heard.map((chunk) => Buffer.from(chunk).readUInt32LE(4))).toEqual(
      sent.map((_, sequence) => sequence),
    );
    // A click a fifth of a second, heard where it was put.
    expect(await decodeClicks(heard)).toEqual(Array.from({ length: 15 }, (_, n) => n));
    await source.emitWithAck("stop-broadcast");
  });

  test("a broadcaster without the token is refused", async () => {
    const socket = await clients.connect("edge-1");
    expect(await socket.emitWithAck("start-broadcast", { stream: "pirate" })).toMatchObject({
      ok: false,
      code: "unauthorized",
    });
  });

  test("the kernel keys that the hosts own read back", async () => {
    const keys = {
      "net.core.somaxconn": "65535",
      "net.ipv4.tcp_congestion_control": "bbr",
      "net.ipv4.tcp_slow_start_after_idle": "0",
      "net.ipv4.tcp_rmem": "4096\t87380\t16777216",
    };
    for (const [key, value] of Object.entries(keys)) {
      expect(await lab.host("edge-1").must(`cat /proc/sys/${key.replaceAll(".", "/")}`)).toBe(`${value}\n`);
    }
    expect(await lab.host("edge-1").must("cat /etc/sysctl.d/60-soundstage.conf")).toContain(
      "left to the machine that this host runs on: fs.file-max",
    );
  });

  test("a second deploy changes nothing", async () => {
    const again = await region.deploy();
    expect(again.code).toBe(0);
    expect(again.stdout).toContain("No changes. Your infrastructure matches the configuration.");
  });

  test("a certificate that is due is renewed without Terraform, and nginx alone takes it up", async () => {
    const host = lab.host("edge-1");
    const serial = () => host.must("openssl x509 -in /etc/soundstage/tls/edge/host.crt -noout -serial");
    const before = await serial();
    await host.must("echo other > /etc/soundstage/tls/edge/wanted");
    const applied = await region.apply("edge-1");
    expect(applied.code, applied.stdout + applied.stderr).toBe(0);
    expect(applied.stdout).toMatch(/edge-1 +drift +certificate-edge is due/);
    expect(applied.stdout).toMatch(/edge-1 +units +nginx\.service reloaded\n/);
    expect(await serial()).not.toBe(before);
    expect((await clients.health("edge-1")).body).toContain('"status":"ok"');
    expect((await region.apply()).stdout).toMatch(/^6 same, 0 changed, 0 failed, in/m);
  });

  test("one value of nginx is one line of the diff; the deploy reloads nginx alone and drops nobody", async () => {
    const listener = await clients.connect("edge-1");
    let dropped = false;
    listener.on("disconnect", () => {
      dropped = true;
    });
    const started = (unit: string) =>
      lab.host("edge-1").must(`systemctl show -P ActiveEnterTimestampMonotonic -P InvocationID ${unit}`);
    const before = await Promise.all(
      ["nginx", "soundstage-relay@3000", "soundstage-relay@3001", "haproxy"].map(started),
    );
    region.edit("keepalive_timeout: 65s", "keepalive_timeout: 70s");
    const diff = await region.diff();
    const plan = diff.stdout.slice(diff.stdout.indexOf("will perform the following actions"));
    const lines = plan.split("\n").map((line) => line.trim().replace(/^region-lab\s+/, ""));
    const changed = lines.filter((line) => /^[-+~] /.test(line));
    const line = '~ "    keepalive_timeout 65s;" -> "    keepalive_timeout 70s;",';
    expect(changed.filter((text) => /^[-+~] "/.test(text) && !text.endsWith("= ["))).toEqual([line, line]);
    // Besides the line: which resources and files it is in, their ids and the manifests' hashes.
    expect(
      changed.filter(
        (text) =>
          !/^~ (id|manifest|triggers_replace|edge-[12]|"\/etc\/nginx\/nginx\.conf")\s+=/.test(text) &&
          text !== line,
      ),
    ).toEqual([]);
    const deploy = await region.deploy();
    expect(deploy.code, deploy.stdout).toBe(0);
    expect(deploy.stdout).toMatch(/edge-1 +units +nginx\.service reloaded/);
    expect(deploy.stdout).toMatch(/db-1 +same/);
    expect(
      await Promise.all(["nginx", "soundstage-relay@3000", "soundstage-relay@3001", "haproxy"].map(started)),
    ).toEqual(before);
    await new Promise((done) => setTimeout(done, 1500));
    expect(dropped).toBe(false);
    expect(await listener.emitWithAck("stream-info", { stream: "demo" })).toMatchObject({ ok: true });
  });

  test("a deploy that fails on one host leaves the others served, says why, and the diff still compares with what was applied", async () => {
    // A file that can not be renamed over: what a host does when somebody mounted something there.
    await lab.host("edge-2").must("mount --bind /etc/nginx/nginx.conf /etc/nginx/nginx.conf");
    region.edit("keepalive_timeout: 70s", "keepalive_timeout: 75s");
    const failed = await region.deploy();
    expect(failed.code).not.toBe(0);
    const said = failed.stdout + failed.stderr;
    expect(said).toMatch(/edge-2 +FAILED +files \/etc\/nginx\/nginx\.conf: exit code 1/);
    expect(said).toContain("Device or resource busy");
    expect(await lab.host("edge-1").must("grep keepalive_timeout /etc/nginx/nginx.conf")).toContain("75s");
    expect(await lab.host("edge-2").must("grep keepalive_timeout /etc/nginx/nginx.conf")).toContain("70s");
    for (const edge of ["edge-1", "edge-2"])
      expect((await clients.health(edge)).body).toContain('"status":"ok"');
    const diff = await region.diff();
    expect(diff.stdout).toContain('~ "    keepalive_timeout 70s;" -> "    keepalive_timeout 75s;"');
    await lab.host("edge-2").must("umount /etc/nginx/nginx.conf");
    const mended = await region.deploy();
    expect(mended.code, mended.stdout).toBe(0);
    expect(mended.stdout).toMatch(/edge-1 +same/);
    expect(await lab.host("edge-2").must("grep keepalive_timeout /etc/nginx/nginx.conf")).toContain("75s");
  });

  describe("its database", () => {
    // A relay that restarts waits for its listeners to go.
    beforeAll(() => clients.close());
    databaseTests(() => region);
  });
  describe("database hosts that leave it and come to it", () => memberTests(() => region));

  test("no secret is in the output, the state or the journal of a host", async () => {
    const names = readdirSync(join(lab.folder, "secrets"));
    expect(names).toEqual(expect.arrayContaining(["superuser", "rewind", "redis", "broadcast"]));
    const journals = await Promise.all(
      [...lab.hosts.values()].map(({ root }) =>
        must("journalctl", [
          "--no-pager",
          "--output=cat",
          "--all",
          "--directory",
          join(root, "var/log/journal"),
        ]),
      ),
    );
    for (const journal of journals) expect(journal).toContain("systemd");
    for (const name of names) {
      const secret = readFileSync(join(lab.folder, "secrets", name), "utf8").trim();
      const found = spawnSync(
        "grep",
        ["-rlF", secret, region.output, join(lab.folder, "terraform.region-lab.tfstate")],
        { encoding: "utf8" },
      );
      // 1: nothing is found.
      expect([name, found.status, found.stdout, found.stderr]).toEqual([name, 1, "", ""]);
      expect([name, journals.filter((journal) => journal.includes(secret)).length]).toEqual([name, 0]);
    }
  });

  /** What the operator's side was given, by name. */
  function secrets(): Record<string, string> {
    const folder = join(lab.folder, "secrets");
    return Object.fromEntries(
      readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8").trim()]),
    );
  }
});
