// What keys a host shows, over every path there is, and what is known of them: before one of them is pinned.
import type { Connection } from "../../bundle/manifest.ts";
import { ConvergeFault } from "../fault.ts";
import type { Access } from "./access.ts";
import { hasNone, shake } from "./handshake.ts";
import { fingerprint, line, pin, SIGNATURES, typeOf } from "./host-key.ts";
import type { Lease } from "./jump.ts";
import type { KnownHosts } from "./known-hosts.ts";
import { Ssh } from "./ssh.ts";

export interface Shown {
  readonly type: string;
  readonly fingerprint: string;
  /** As a pin holds it. */
  readonly line: string;
}

export interface Findings {
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly keys: readonly Shown[];
  /** What else has one of these keys. */
  readonly agrees: readonly string[];
  /** What has another: as long as there is any, nothing is pinned. */
  readonly contradicts: readonly string[];
  /** Why there is no second path. */
  readonly notes: readonly string[];
  /** The key to pin. */
  readonly choice: Shown;
  /** Whether the platform file pins one of these keys, another, or none. */
  readonly pinned: "one of these" | "another" | "none";
}

/** Of a path that may lead nowhere. */
const SECONDS = 8;

/** Nobody logs in to the host: it shows its keys to everybody. */
export async function examine(connection: Connection, access: Access, expected?: string): Promise<Findings> {
  const { host, address, hostKey } = connection;
  const over = await Ssh.over(connection, access);
  try {
    const { port, keys } = await firstPort(connection, over);
    const known = access.knownHosts(connection.knownHosts);
    const second = over && (await direct(connection, port));
    const verdicts = [
      ...(expected ? [compared(keys, expected)] : []),
      ...remembered(keys, address, port, known),
      ...(second instanceof Error || !second ? [] : [seenAgain(keys, second)]),
    ];
    const choices = expected
      ? keys.filter((key) => fingerprint(key) === expected)
      : keys.filter((key) => known.keys(address, port).some((each) => each.key.equals(key)));
    const choice = choices[0] ?? (keys[0] as Buffer);
    return {
      host,
      address,
      port,
      keys: keys.map(shown),
      agrees: verdicts.flatMap(({ agrees }) => agrees ?? []),
      contradicts: verdicts.flatMap(({ contradicts }) => contradicts ?? []),
      notes: second instanceof Error ? [`past its jump host it is not reached: ${second.message}`] : [],
      choice: shown(choice),
      pinned: !hostKey ? "none" : keys.some((key) => pin(hostKey).accepts(key)) ? "one of these" : "another",
    };
  } finally {
    over?.release();
  }
}

type Verdict = { readonly agrees?: string; readonly contradicts?: string };

function compared(keys: readonly Buffer[], expected: string): Verdict {
  const key = keys.find((each) => fingerprint(each) === expected);
  return key
    ? { agrees: `the fingerprint that was given is its ${typeOf(key)} key's` }
    : { contradicts: `it has no key with the fingerprint that was given, ${expected}` };
}

function remembered(keys: readonly Buffer[], address: string, port: number, known: KnownHosts): Verdict[] {
  return keys.flatMap((key): Verdict[] => {
    const revoked = known.revocation(address, port, key);
    const place = (number: number) => `line ${number} of ${known.file}`;
    if (revoked) return [{ contradicts: `${place(revoked.line)} revokes its ${typeOf(key)} key` }];
    const of = known.keys(address, port).filter((each) => typeOf(each.key) === typeOf(key));
    const same = of.find((each) => each.key.equals(key));
    if (same) return [{ agrees: `${place(same.line)} has its ${typeOf(key)} key` }];
    return of[0]
      ? [{ contradicts: `${place(of[0].line)} has another ${typeOf(key)} key, ${fingerprint(of[0].key)}` }]
      : [];
  });
}

function seenAgain(keys: readonly Buffer[], second: readonly Buffer[]): Verdict {
  const prints = (each: readonly Buffer[]) => each.map(fingerprint).join(", ");
  return prints(keys) === prints(second)
    ? { agrees: "past its jump host it shows the same keys" }
    : { contradicts: `past its jump host it shows other keys: ${prints(second)}` };
}

async function direct({ address, user }: Connection, port: number): Promise<Buffer[] | Error> {
  try {
    return await keysOf({ address, user }, port, undefined);
  } catch (error) {
    return error as Error;
  }
}

async function firstPort(
  { address, user, ports }: Connection,
  over: Lease | undefined,
): Promise<{ port: number; keys: Buffer[] }> {
  const reasons: string[] = [];
  for (const port of ports) {
    try {
      return { port, keys: await keysOf({ address, user }, port, over) };
    } catch (error) {
      reasons.push(`port ${port}: ${(error as Error).message}`);
    }
  }
  throw new ConvergeFault(`${address} can not be reached: ${reasons.join("; ")}`);
}

/** Its keys of every type that is taken; no more is asked of it. */
async function keysOf(
  target: Pick<Connection, "address" | "user">,
  port: number,
  over: Lease | undefined,
): Promise<Buffer[]> {
  const keys: Buffer[] = [];
  for (const offer of Object.values(SIGNATURES)) {
    let seen: Buffer | undefined;
    try {
      await shake({ target, port, over, offer, methods: [], seconds: SECONDS }, (key) => {
        seen = Buffer.from(key);
        return false;
      });
    } catch (error) {
      if (seen) keys.push(seen);
      else if (!hasNone(error)) throw error;
    }
  }
  if (keys.length === 0)
    throw new Error(`it has no host key of a type that is taken: ${Object.keys(SIGNATURES).join(", ")}`);
  return keys;
}

function shown(key: Buffer): Shown {
  return { type: typeOf(key) as string, fingerprint: fingerprint(key), line: line(key) };
}

/** For a person. */
export function described({ host, address, port, keys, agrees, contradicts, notes }: Findings): string {
  const width = Math.max(...keys.map(({ type }) => type.length));
  return [
    `${host} (${address}:${port}) shows`,
    ...keys.map(({ type, fingerprint }) => `  ${type.padEnd(width)}  ${fingerprint}`),
    ...agrees.map((text) => `  agrees: ${text}`),
    ...contradicts.map((text) => `  CONTRADICTS: ${text}`),
    ...notes.map((text) => `  ${text}`),
    ...(agrees.length + contradicts.length === 0
      ? [
          "  no second path: compare a fingerprint at the host's own console (ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub)",
        ]
      : []),
  ].join("\n");
}
