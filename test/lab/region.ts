// A six-host region of the lab, deployed by cdktf as any other.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "./lab.ts";
import { writePlatform } from "./platform-file.ts";
import { type Result, run } from "./run.ts";

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

  deploy(env: Readonly<Record<string, string>> = {}): Promise<Result> {
    return this.#cdktf(["deploy", "region-lab", "--auto-approve"], env);
  }

  diff(): Promise<Result> {
    return this.#cdktf(["diff", "region-lab"]);
  }

  /** The engine without Terraform. */
  apply(...hosts: readonly string[]): Promise<Result> {
    return run(
      process.execPath,
      [join(this.output, "bin", "soundstage.mjs"), "apply", ...hosts, "--stack", "region-lab"],
      {
        timeout: 300_000,
        env: { SOUNDSTAGE_PLATFORM: this.platform },
      },
    );
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
