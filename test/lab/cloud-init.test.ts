import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sha256 } from "../../bundle/hash.ts";
import { Converge } from "../../constructs/host/converge.ts";
import { converge } from "../../converge/converge.ts";
import { synthOutput } from "../constructs/synth.ts";
import { captured } from "./captured.ts";
import { Lab } from "./lab.ts";
import { labHost } from "./lab-host.ts";
import { labMissing, onPath } from "./requirements.ts";
import { must } from "./run.ts";

const missing = labMissing() ?? (onPath("age") ? undefined : "cloud-init needs Debian package age");
const CANARY = "while-my-guitar-gently-weeps";
const STATE = "/var/lib/soundstage";

describe.skipIf(missing)(`cloud-init${missing ? ` (${missing})` : ""}`, () => {
  let lab: Lab;
  let server: Server;
  /** What the server answers with. */
  let served: Buffer;
  let url: string;
  let output: string;
  const said = captured();

  beforeAll(async () => {
    lab = await Lab.start({ hosts: [{ name: "bare" }] });
    process.env.SOUNDSTAGE_PLATFORM = join(lab.folder, "platform.yaml");
    writeFileSync(join(lab.folder, "token"), `${CANARY}\n`);
    const host = lab.host("bare");
    const address = host.address.replace(/\d+$/, "1");
    const [key, certificate] = [join(lab.folder, "web.key"), join(lab.folder, "web.crt")];
    await must("openssl", [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"],
      ...["-subj", "/CN=lab", "-addext", `subjectAltName=IP:${address}`, "-keyout", key, "-out", certificate],
    ]);
    server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (_, answer) =>
      answer.end(served),
    );
    await new Promise<void>((done) => server.listen(0, address, done));
    url = `https://${address}:${(server.address() as { port: number }).port}/bare.tar.gz`;
    const trusted = join(host.root, "usr/local/share/ca-certificates");
    mkdirSync(trusted, { recursive: true });
    writeFileSync(join(trusted, "lab.crt"), readFileSync(certificate));
    await host.must("update-ca-certificates");
    output = synth();
  });
  afterAll(async () => {
    server?.close();
    await lab?.stop();
  });

  function synth(): string {
    return synthOutput((stack) => {
      const { address, hostKey } = lab.host("bare");
      const host = labHost(stack, "bare", { address, hostKey });
      const blob = join(lab.folder, "blob");
      writeFileSync(blob, "a large file\n");
      host.file(stack, "/opt/large", {
        content: { file: blob, sha256: sha256("a large file\n"), size: 13 },
      });
      host.secret(stack, "/etc/token", { parts: ["token=", { file: "token", version: 1 }, "\n"] });
      host.service(stack, {
        name: "waits",
        description: "waits",
        command: ["/bin/sleep", "infinity"],
        environment: {},
        restart: [],
      });
      new Converge(stack, "converge", { stack: "test", hosts: [host] });
    });
  }

  /** Makes what is handed to the cloud, and lets the host run it as cloud-init does. */
  async function firstBoot(change: (bundle: Buffer) => Buffer = (bundle) => bundle) {
    const out = join(lab.folder, "bare.tar.gz");
    const options = ["--output", output, "--stack", "test", "--out", out, "--url", url];
    const userData = await must(process.execPath, [
      ...["--import", "tsx", "bin/soundstage.ts", "cloud-init", "bare", ...options],
    ]);
    served = change(readFileSync(out));
    writeFileSync(join(lab.host("bare").root, "root/user-data"), userData, { mode: 0o700 });
    return { userData, out, ...(await lab.host("bare").exec("/root/user-data")) };
  }

  test("a bundle that is not the one named by its hash is not even unpacked", async () => {
    const { code, stdout } = await firstBoot((bundle) => Buffer.concat([bundle, Buffer.from("\0")]));
    expect([code, stdout]).toEqual([1, expect.stringContaining("bundle.tar.gz: FAILED")]);
    expect(await lab.host("bare").must(`find ${STATE} -name bootstrap.sh`)).toBe("");
  });

  test("a bare host brings itself to its bundle, secrets included", async () => {
    const { code, stderr } = await firstBoot();
    expect([code, stderr]).toEqual([0, ""]);
    const host = lab.host("bare");
    expect(await host.must("cat /etc/token; stat -c '%a %U' /etc/token")).toBe(`token=${CANARY}\n600 root\n`);
    expect(await host.must("cat /opt/large; systemctl is-active waits")).toBe("a large file\nactive\n");
    expect(await host.must(`sh ${STATE}/bundle/bootstrap.sh verify`)).toMatch(/^same\t[0-9a-f]{64}\n$/);
    expect([await converge({ output, stack: "test" }), said]).toEqual([
      0,
      [expect.stringMatching(/^bare +same/), expect.stringMatching(/^1 same, 0 changed/)],
    ]);
  });

  test("verify says what somebody changed", async () => {
    const host = lab.host("bare");
    await host.must("systemctl stop waits");
    const { code, stdout } = await host.exec(`sh ${STATE}/bundle/bootstrap.sh verify`);
    expect([code, stdout]).toEqual([2, "drift\tunit waits.service is inactive, not started\n"]);
  });

  test("neither the user data nor the bundle holds a secret in the clear", async () => {
    const { userData, out } = await firstBoot();
    expect(Buffer.byteLength(userData)).toBeLessThan(16_384);
    const folder = join(lab.folder, "unpacked");
    mkdirSync(folder);
    await must("tar", ["-xzf", out, "-C", folder]);
    expect(await must("find", [folder, "-name", "secrets.age"])).not.toBe("");
    const everything = userData + (await must("sh", ["-c", `find ${folder} -type f -exec cat {} +`]));
    for (const form of [CANARY, Buffer.from(`token=${CANARY}\n`).toString("base64").slice(0, 20)])
      expect(everything).not.toContain(form);
  });
});
