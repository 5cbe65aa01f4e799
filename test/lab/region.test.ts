import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAuthority } from "../../converge/secrets/authority.ts";
import { clicks, decodeClicks } from "../clicks.ts";
import { Clients } from "./clients.ts";
import { Lab } from "./lab.ts";
import { labHosts } from "./platform-file.ts";
import { LabRegion } from "./region.ts";
import { deployMissing } from "./requirements.ts";
import { run } from "./run.ts";

const missing = deployMissing();

describe.skipIf(missing)(`a region of six hosts${missing ? ` (${missing})` : ""}`, () => {
  let lab: Lab;
  let region: LabRegion;
  let clients: Clients;

  beforeAll(async () => {
    lab = await Lab.start({ hosts: labHosts().map((name) => ({ name })) });
    region = await LabRegion.create(lab);
    const first = await region.deploy();
    expect(first.code, first.stdout + first.stderr).toBe(0);
    const password = readFileSync(join(lab.folder, "secrets", "application"), "utf8");
    writeFileSync(join(lab.folder, "pgpass"), `*:*:*:application:${password}\n`, { mode: 0o600 });
    // More addresses of this machine, so that nginx spreads clients over workers.
    await lab.addAddresses(8);
    clients = new Clients(lab);
  });
  afterAll(async () => {
    clients?.close();
    await lab?.stop();
  });

  test("a row written through HAProxy on the leader is read on a replica", async () => {
    const written = await region.psql(
      "edge-1",
      5000,
      "INSERT INTO artists (name) VALUES ('Lab One') RETURNING pg_is_in_recovery()",
    );
    expect(written).toEqual({ code: 0, stdout: "f\n", stderr: "" });
    const read = await region.psql("edge-2", 5001, "SELECT pg_is_in_recovery(), (SELECT name FROM artists)");
    expect(read).toEqual({ code: 0, stdout: "t|Lab One\n", stderr: "" });
    expect((await region.psql("edge-1", 5000, "CREATE TABLE mine (id int)")).stderr).toContain(
      "permission denied",
    );
  });

  test("nobody reaches PostgreSQL through another host's HAProxy, nor etcd and Patroni with what a relay host holds", async () => {
    const member = lab.host("db-1").private;
    for (const port of [5000, 5001]) {
      const { code, stderr } = await run("curl", ["-sS", "-m", "5", `http://${member}:${port}`]);
      expect([code, stderr]).toEqual([7, expect.stringContaining("Failed to connect")]);
    }
    const keys = await lab.host("edge-1").must("find /etc/soundstage/tls -name host.key");
    expect(keys).toBe("/etc/soundstage/tls/edge/host.key\n");
    /** With a certificate of a host, whatever it is for. */
    const ask = (host: string, certificate: string, ...args: string[]) => {
      const tls = join(lab.host(host).root, "etc/soundstage/tls");
      const [crt, key] = ["host.crt", "host.key"].map((file) => join(tls, certificate, file)) as [
        string,
        string,
      ];
      return run("curl", [
        ...["-sS", "-m", "10", "--cacert", join(tls, "ca.crt"), "--cert", crt, "--key", key],
        ...args,
      ]);
    };
    const etcd = [`https://${member}:2379/version`];
    const reload = ["-X", "POST", `https://${member}:8008/reload`];
    for (const request of [etcd, reload]) {
      expect((await ask("db-2", "database", ...request)).code).toBe(0);
      for (const [host, certificate] of [
        ["edge-1", "edge"],
        ["cache-1", "redis"],
      ] as const) {
        const { code, stdout } = await ask(host, certificate, ...request);
        expect([host, code === 0, stdout]).toEqual([host, false, ""]);
      }
    }
  });

  test("the months ahead are made by the leader alone", async () => {
    for (const name of ["db-1", "db-2", "db-3"]) {
      const host = lab.host(name);
      await host.must("systemctl start soundstage-partitions.service");
      const said = await host.must("journalctl -u soundstage-partitions.service -o cat --no-pager");
      const leads = (await leaders()).includes(name);
      expect([name, /^0$/m.test(said)]).toEqual([name, leads]);
      expect(await host.must("systemctl list-timers soundstage-partitions.timer --no-legend")).toContain(
        "soundstage-partitions.service",
      );
    }
  });

  test("the members speak TLS 1.3 to one another, and their WAL is archived on another host", async () => {
    const [leader] = await leaders();
    const rows = await lab
      .host(leader as string)
      .must(
        `runuser -u postgres -- psql -XAtc "SELECT DISTINCT version FROM pg_stat_ssl JOIN pg_stat_replication USING (pid)"`,
      );
    expect(rows).toBe("TLSv1.3\n");
    const check = await lab
      .host("cache-1")
      .exec("runuser -u postgres -- pgbackrest --stanza=music check", { timeout: 90_000 });
    expect([check.code, check.stderr]).toEqual([0, ""]);
  });

  test("the nightly base backup is taken by its own unit", async () => {
    const cache = lab.host("cache-1");
    await cache.must("systemctl start soundstage-backup.service", { timeout: 180_000 });
    const info = await cache.must("runuser -u postgres -- pgbackrest --stanza=music --output=json info");
    const [stanza] = JSON.parse(info) as [
      { status: { message: string }; backup: { type: string; error: boolean }[] },
    ];
    expect(stanza.status.message).toBe("ok");
    expect(stanza.backup).toMatchObject([{ type: "full", error: false }]);
    expect(await cache.must("systemctl list-timers soundstage-backup.timer --no-legend")).toContain(
      "soundstage-backup.service",
    );
  });

  async function leaders(): Promise<string[]> {
    const list = await lab.host("db-1").must("patronictl -c /etc/patroni/config.yml list -f json");
    return (JSON.parse(list) as { Member: string; Role: string }[])
      .filter(({ Role }) => Role === "Leader")
      .map(({ Member }) => Member);
  }

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
    edit("keepalive_timeout: 65s", "keepalive_timeout: 70s");
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
    edit("keepalive_timeout: 70s", "keepalive_timeout: 75s");
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

  test("a change of the database goes member by member, the leader last after a hand-over", async () => {
    const [leader] = await leaders();
    edit("max_connections: 100", "max_connections: 100, log_min_duration_statement: 500");
    const deploy = await region.deploy();
    expect(deploy.code, deploy.stdout + deploy.stderr).toBe(0);
    expect(deploy.stdout).toMatch(new RegExp(`${leader} +handover +database`));
    expect(await leaders()).not.toContain(leader);
    const shown = await region.psql("edge-1", 5000, "SHOW log_min_duration_statement");
    expect(shown.stdout).toBe("500ms\n");
  });

  test("a setting that is taken out of the platform leaves the cluster", async () => {
    edit("max_connections: 100, log_min_duration_statement: 500", "max_connections: 100");
    const deploy = await region.deploy();
    expect(deploy.code, deploy.stdout + deploy.stderr).toBe(0);
    expect(deploy.stdout).toMatch(/action +dcs-settings/);
    await expect
      .poll(async () => (await region.psql("edge-1", 5000, "SHOW log_min_duration_statement")).stdout, {
        timeout: 20_000,
      })
      .toBe("-1\n");
  });

  test("a new authority takes the old one's place, and no member is cut off meanwhile", async () => {
    const [trusted, next] = ["ca", "next"].map((name) => join(lab.folder, name)) as [string, string];
    await createAuthority(next, "the next one");
    const certificate = (folder: string) => readFileSync(join(folder, "ca.crt"), "utf8");
    const [old, coming] = [certificate(trusted), certificate(next)];
    const apply = async () => {
      const { code, stdout, stderr } = await region.apply();
      expect(code, stdout + stderr).toBe(0);
      expect(stdout).toMatch(/^0 same, 6 changed, 0 failed, in/m);
      return stdout;
    };
    writeFileSync(join(trusted, "ca.crt"), old + coming);
    await apply();
    expect((await region.psql("edge-1", 5000, "SELECT 1")).stdout).toBe("1\n");
    writeFileSync(join(trusted, "ca.crt"), coming + old);
    writeFileSync(join(trusted, "ca.key"), readFileSync(join(next, "ca.key")));
    const said = await apply();
    expect(said).toMatch(/edge-1 +units +.*haproxy\.service reloaded/);
    expect(said).toMatch(/edge-1 +units +.*soundstage-relay@3000\.service restarted/);
    // Whoever trusts the next one alone is content with all of them.
    for (const [edge, port] of [
      ["edge-1", 5000],
      ["edge-2", 5001],
    ] as const)
      expect((await region.psql(edge, port, "SELECT 1", "next")).stdout).toBe("1\n");
    for (const name of ["db-1", "db-2", "db-3", "cache-1"]) {
      const readers = await lab
        .host(name)
        .must(
          "cat >/run/next.crt; for file in /etc/*/tls/host.crt; do openssl verify -CAfile /run/next.crt $file; done",
          { input: coming },
        );
      expect(
        readers
          .trim()
          .split("\n")
          .every((line) => line.endsWith(": OK")),
      ).toBe(true);
    }
    const again = await region.apply();
    expect(again.stdout).toMatch(/^6 same, 0 changed, 0 failed, in/m);
  }, 600_000);

  test("no secret is in the output, the state or the journal of a host", () => {
    for (const name of ["superuser", "replication", "application", "redis", "broadcast"]) {
      const secret = readFileSync(join(lab.folder, "secrets", name), "utf8");
      const found = spawnSync(
        "grep",
        ["-rlF", secret, region.output, join(lab.folder, "terraform.region-lab.tfstate")],
        { encoding: "utf8" },
      );
      expect([name, found.stdout]).toEqual([name, ""]);
    }
  });

  function edit(from: string, to: string): void {
    const text = readFileSync(region.platform, "utf8");
    expect(text).toContain(from);
    writeFileSync(region.platform, text.replace(from, to));
  }
});
