import { dirname, resolve } from "node:path";
import type { Connection } from "../bundle/manifest.ts";
import { ConvergeFault } from "../converge/fault.ts";
import { Secrets } from "../converge/secrets/secrets.ts";
import { Access, accessSecrets } from "../converge/ssh/access.ts";
import { described, examine, type Findings } from "../converge/ssh/trust.ts";
import { loadPlatform } from "../platform/load.ts";
import { withPin } from "../platform/pin.ts";
import { askedYes } from "./ask.ts";
import { platformFile, platformText, writePlatform } from "./platform-file.ts";

export interface TrustOptions {
  readonly region?: string;
  readonly stack?: string;
  /** One of the host's keys, as the operator has it from elsewhere. */
  readonly fingerprint?: string;
  readonly yes?: boolean;
  readonly replace?: boolean;
  readonly json?: boolean;
}

/** @returns 0 when the host's key is pinned, 2 when its keys were shown and nothing was written */
export async function trust(host: string, options: TrustOptions): Promise<number> {
  if (options.yes && !options.fingerprint)
    throw new ConvergeFault(
      "--yes pins what nobody looks at: give the host's key as well, --fingerprint SHA256:…",
    );
  const file = platformFile();
  const text = platformText(file);
  const { row, connection } = find(text, file, host, options);
  const folder = dirname(resolve(file));
  const secrets = new Secrets(folder);
  await secrets.require([accessSecrets(connection)]);
  const findings = await examine(connection, new Access(folder, secrets), options.fingerprint);
  const { choice, contradicts, pinned } = findings;
  const tell = (outcome: string) => {
    if (options.json) console.log(JSON.stringify({ ...findings, outcome }, null, 2));
    else console.log(outcome);
  };
  if (!options.json) console.log(described(findings));
  const refused = (reason: string) => {
    if (options.json) tell(`refused: ${reason}`);
    return new ConvergeFault(`nothing was written: ${reason}`);
  };
  if (contradicts.length > 0) throw refused(contradicts.join("; "));
  if (pinned === "one of these" && !options.replace) {
    tell(`${file} pins a key of ${host} already`);
    return 0;
  }
  if (pinned === "another" && !options.replace)
    throw refused(`${file} pins ${connection.hostKey}; --replace puts the new key in its place`);
  if (!options.yes && (options.json || !(await confirmed(findings)))) {
    tell("nothing was written");
    return 2;
  }
  writePlatform(file, text, withPin(text, row, choice.line));
  tell(`${file} pins ${choice.type} ${choice.fingerprint} for ${host}`);
  return 0;
}

function find(text: string, file: string, host: string, { region, stack }: TrustOptions) {
  const { regions, example } = loadPlatform(text, { file }).platform;
  if (example) throw new ConvergeFault(`${file} says \`example: true\`: no address in it is contacted`);
  const wanted = region ?? stack?.replace(/^region-/, "");
  const [found] = Object.entries(regions).filter(
    ([name, { hosts }]) => hosts[host] && (!wanted || name === wanted),
  );
  if (!found) {
    const names = Object.entries(regions).flatMap(([name, { hosts }]) =>
      wanted && name !== wanted ? [] : Object.keys(hosts),
    );
    throw new ConvergeFault(
      `${file} has no host ${host}${wanted ? ` in region ${wanted}` : ""}; it has ${names.join(", ") || "none"}`,
    );
  }
  const [name, { hosts }] = found;
  const { address, ssh } = hosts[host] as (typeof hosts)[string];
  const connection: Connection = { host, address, ...ssh };
  return { row: ["regions", name, "hosts", host], connection };
}

function confirmed({ choice, host }: Findings): Promise<boolean> {
  return askedYes(`Pin ${choice.type} ${choice.fingerprint} for ${host}? (yes, or its fingerprint) `, {
    also: choice.fingerprint,
    unasked: "--yes --fingerprint SHA256:… pins the key that you have compared",
  });
}
