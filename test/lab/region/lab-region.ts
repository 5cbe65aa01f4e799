// A six-host region of the lab, deployed by cdktf as any other.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import type { Lab } from "../lab.ts";
import { writePlatform } from "../platform-file.ts";
import { must, type Result, run } from "../run.ts";

/** A host's row in the platform's file. */
type Row = Readonly<Record<string, unknown>>;

export class LabRegion {
  readonly lab: Lab;
  readonly platform: string;
  readonly output: string;

  private constructor(lab: Lab, platform: string) {
    this.lab = lab;
    this.platform = platform;
    this.output = join(lab.folder, "cdktf.out");
  }

  static async create(lab: Lab): Promise<LabRegion> {
    const platform = await writePlatform(lab);
    const password = readFileSync(join(lab.folder, "secrets", "application"), "utf8");
    writeFileSync(join(lab.folder, "pgpass"), `*:*:*:application:${password}\n`, { mode: 0o600 });
    return new LabRegion(lab, platform);
  }

  /** Changes a text of its platform file. */
  edit(from: string, to: string): void {
    const text = readFileSync(this.platform, "utf8");
    if (!text.includes(from)) throw new Error(`${this.platform} holds no "${from}"`);
    writeFileSync(this.platform, text.replace(from, to));
  }

  /** Changes the rows of its hosts. */
  editHosts(change: (hosts: Record<string, Row>) => void): void {
    const document = parseDocument(readFileSync(this.platform, "utf8"));
    const { hosts } = (document.toJS() as { regions: { lab: { hosts: Record<string, Row> } } }).regions.lab;
    change(hosts);
    document.setIn(["regions", "lab", "hosts"], document.createNode(hosts));
    writeFileSync(this.platform, document.toString());
  }

  /** The row of a database host of the lab that the platform's file does not have yet. */
  databaseRow(name: string): Row {
    const { address, private: inner, hostKey } = this.lab.host(name);
    const ssh = { user: "root", hostKey, identity: "id_ed25519" };
    const shape = { kernel: "shared", cpus: 2, memory: "2GiB" };
    return { address, private: inner, roles: ["database"], ...shape, ssh };
  }

  deploy(env: Readonly<Record<string, string>> = {}): Promise<Result> {
    return this.#cdktf(["deploy", "region-lab", "--auto-approve"], env);
  }

  diff(): Promise<Result> {
    return this.#cdktf(["diff", "region-lab"]);
  }

  /** The engine without Terraform. */
  apply(...hosts: readonly string[]): Promise<Result> {
    return this.soundstage("apply", ...hosts);
  }

  /** Synthesizes what its platform's file says now and brings the hosts to it, without Terraform. */
  async synthAndApply(): Promise<Result> {
    await must(process.execPath, ["--import", "tsx", "bin/main.ts"], {
      env: { SOUNDSTAGE_PLATFORM: this.platform, CDKTF_OUTDIR: this.output },
    });
    return this.apply();
  }

  async soundstage(...words: readonly string[]): Promise<Result> {
    await this.lab.assertUp();
    const cli = join(this.output, "bin", "soundstage.mjs");
    return run(process.execPath, [cli, ...words, "--stack", "region-lab", "--output", this.output], {
      timeout: 600_000,
      env: { SOUNDSTAGE_PLATFORM: this.platform },
    });
  }

  async #cdktf(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Result> {
    await this.lab.assertUp();
    const result = await run("node_modules/.bin/cdktf", [...args, "--output", this.output], {
      timeout: 600_000,
      env: { SOUNDSTAGE_PLATFORM: this.platform, CHECKPOINT_DISABLE: "1", CI: "1", NO_COLOR: "1", ...env },
    });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: Terraform colours its output whatever it is told
    const plain = (text: string) => text.replace(/\x1b\[[0-9;]*[A-Za-z]/g, "");
    return { ...result, stdout: plain(result.stdout), stderr: plain(result.stderr) };
  }

  /** One query from a host through its own HAProxy, as the application does it: TLS verified, password from its file. */
  psql(host: string, port: number, sql: string, authority = "ca"): Promise<Result> {
    const { lab } = this;
    // From its network, where hosts without a client of their own have this machine's.
    return run(
      "ip",
      [
        ...["netns", "exec", lab.host(host).netns, "psql"],
        "-XAtq",
        "-v",
        "ON_ERROR_STOP=1",
        "-c",
        sql,
        `host=127.0.0.1 port=${port} user=application dbname=music sslmode=verify-full sslrootcert=${join(lab.folder, authority, "ca.crt")} connect_timeout=5`,
      ],
      {
        env: { PGPASSFILE: join(lab.folder, "pgpass") },
      },
    );
  }
}
