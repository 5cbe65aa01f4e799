// The machines of stacks, reached side by side to be asked something.
import type { Connection, SecretFile } from "../../bundle/manifest.ts";
import { type HostBundle, readBundle } from "../../bundle/reader.ts";
import { ConvergeFault } from "../fault.ts";
import { Remote } from "../script/remote.ts";
import { Secrets } from "../secrets/secrets.ts";
import { Access, accessSecrets } from "../ssh/access.ts";
import { platformFolder } from "./platform-folder.ts";
import { pool } from "./pool.ts";
import { select, type Wanted } from "./selection.ts";

/** A host as an output describes it. */
export interface Machine {
  readonly host: string;
  readonly stack: string;
  readonly connection: Connection;
  readonly bundle: HostBundle;
}

export interface HostsWanted extends Wanted {
  /** Nothing is said of hosts that do not answer for a while. @default false */
  readonly json?: boolean | undefined;
}

export interface Answers<T> {
  /** In the order of the stack's hosts. */
  readonly found: readonly T[];
  /** Host → why nothing is known of it. */
  readonly failures: ReadonlyMap<string, string>;
}

export class Hosts {
  readonly names: readonly string[];
  readonly secrets: Secrets;
  readonly access: Access;
  readonly #output: string;
  readonly #isQuiet: boolean;
  readonly #rows: ReadonlyMap<string, { readonly stack: string; readonly connection: Connection }>;

  private constructor(
    { output, json }: HostsWanted,
    rows: ReadonlyMap<string, { stack: string; connection: Connection }>,
    secrets: Secrets,
    folder: string,
  ) {
    this.names = [...rows.keys()];
    this.#output = output;
    this.#isQuiet = json ?? false;
    this.#rows = rows;
    this.secrets = secrets;
    this.access = new Access(folder, secrets);
  }

  /**
   * With what it takes to reach them.
   * @param needs secrets that are wanted of a bundle besides
   */
  static async of(
    wanted: HostsWanted,
    needs: (bundle: HostBundle) => readonly Pick<SecretFile, "parts">[] = () => [],
  ): Promise<Hosts> {
    const rows = new Map<string, { stack: string; connection: Connection }>();
    for (const { stack, hosts } of select(wanted)) {
      for (const connection of hosts) {
        if (!("address" in connection))
          throw new ConvergeFault(
            `host ${connection.host} of ${stack} is a folder of this machine, and this command is about machines`,
          );
        rows.set(connection.host, { stack, connection });
      }
    }
    const folder = platformFolder(wanted.output, [wanted.stack].flat()[0] as string);
    const secrets = new Secrets(folder);
    const hosts = new Hosts(wanted, rows, secrets, folder);
    await secrets.require(
      hosts.names.flatMap((host) => {
        const { connection, bundle } = hosts.machine(host);
        return [accessSecrets(connection), ...needs(bundle)];
      }),
    );
    return hosts;
  }

  machine(host: string): Machine {
    const row = this.#rows.get(host);
    if (!row) throw new ConvergeFault(`there is no host ${host} among ${this.names.join(", ")}`);
    return { host, ...row, bundle: readBundle(this.#output, row.stack, host) };
  }

  /** Connects to one host for as long as it is used. */
  async reach<T>(host: string, use: (remote: Remote, machine: Machine) => Promise<T>): Promise<T> {
    const machine = this.machine(host);
    const slow = (text: string) => console.error(`${host}  ${this.secrets.masked(text)}`);
    const { connection, bundle } = machine;
    const remote = await Remote.connect(connection, this.access, bundle.script, {
      slow: this.#isQuiet ? undefined : slow,
    });
    try {
      return await use(remote, machine);
    } finally {
      remote.close();
    }
  }

  /** Host → what came of it, or why nothing did, without the value of a secret in it. */
  async each<T>(
    use: (remote: Remote, machine: Machine) => Promise<T>,
  ): Promise<ReadonlyMap<string, T | Error>> {
    const answers = new Map<string, T | Error>();
    await pool(this.names, {
      step: async (host) => answers.set(host, await this.reach(host, use)),
      failed: async (host, { message }) => void answers.set(host, new Error(this.secrets.masked(message))),
    });
    return new Map(this.names.map((host) => [host, answers.get(host) as T | Error]));
  }

  /** Those of a stack, as `each` answered: what was found, and why nothing was. */
  inStack<T>(stack: string, answers: ReadonlyMap<string, T | Error>): Answers<T> {
    const found: T[] = [];
    const failures = new Map<string, string>();
    for (const [host, answer] of answers) {
      if (this.#rows.get(host)?.stack !== stack) continue;
      if (answer instanceof Error) failures.set(host, answer.message);
      else found.push(answer);
    }
    return { found, failures };
  }
}
