// The parts of a file, each as far as it can be read, so that rules between parts speak also where others are wrong.
import type { z } from "zod";
import type { Path, Rows } from "./document.ts";
import { host, ROLES, type Role } from "./host.ts";
import { type MailRow, namedMail } from "./mail.ts";
import { NameIndex } from "./name-index.ts";
import { ownerName } from "./names.ts";
import { record } from "./record.ts";
import { region } from "./region.ts";
import { rows, texts } from "./rows.ts";
import { type NamedRecord, namedRecord, type ZoneRow, zone } from "./zone.ts";

export interface RecordPart {
  readonly path: Path;
  /** Absolute name that it is for. */
  readonly owner: string;
  /** As far as it can be read. */
  readonly type: string;
  /** Absent where something of it is wrong. */
  readonly row?: NamedRecord;
}

export interface ZonePart {
  readonly name: string;
  readonly path: Path;
  readonly provider: ZoneRow["provider"] | undefined;
  readonly parent: string | undefined;
  readonly phase: "sign" | "publish" | "unsign" | undefined;
  readonly answers: readonly string[];
  readonly mail: MailRow | undefined;
  readonly records: readonly RecordPart[];
}

export interface HostPart {
  readonly name: string;
  readonly region: string;
  readonly path: Path;
  readonly address: string | undefined;
  readonly private: string | undefined;
  /** MiB. */
  readonly memory: number | undefined;
  readonly roles: readonly Role[];
  /** Whether `roles` is all that the row says. */
  readonly rolesKnown: boolean;
  readonly retire: z.output<typeof host>["retire"];
}

export interface RegionPart {
  readonly name: string;
  readonly path: Path;
  /** Its own parameters; absent where one of them is wrong. */
  readonly row: z.output<typeof parameters> | undefined;
  readonly hosts: readonly HostPart[];
}

export interface Parts {
  readonly raw: Rows;
  readonly zones: readonly ZonePart[];
  readonly regions: readonly RegionPart[];
  readonly hosts: readonly HostPart[];
  /** What names there are, in all zones. */
  readonly names: NameIndex;
}

const parameters = region.partial({ hosts: true });

/** Hosts that do what their roles say, and go on doing it. */
export const staying = (hosts: readonly HostPart[]): HostPart[] => hosts.filter(({ retire }) => !retire);

export function partsOf(raw: Rows): Parts {
  const zones = Object.entries(rows(raw.zones)).map(([name, row]) => zonePart(name, rows(row)));
  const regions = Object.entries(rows(raw.regions)).map(([name, row]) => regionPart(name, rows(row)));
  const hosts = regions.flatMap((each) => each.hosts);
  return { raw, zones, regions, hosts, names: new NameIndex(zones, hosts, rows(raw.edge).zone) };
}

/** Whether what these hosts do not do can be told. */
export function counted(hosts: readonly HostPart[]): boolean {
  return hosts.every(({ rolesKnown }) => rolesKnown);
}

export function read<T extends z.ZodType>(schema: T, value: unknown): z.output<T> | undefined {
  const { success, data } = schema.safeParse(value);
  return success ? data : undefined;
}

function zonePart(name: string, row: Rows): ZonePart {
  const { shape } = zone;
  const path = ["zones", name];
  const mail = read(shape.mail, row.mail);
  const list = Array.isArray(row.records) ? row.records : [];
  return {
    name,
    path,
    provider: read(shape.provider, row.provider),
    parent: read(shape.parent, row.parent),
    phase: read(shape.dnssec, row.dnssec)?.phase,
    answers: Object.keys(rows(row.answers)),
    mail: mail && namedMail(mail, name),
    records: list.flatMap((content, index) => recordPart(content, name, [...path, "records", index])),
  };
}

function recordPart(content: unknown, zoneName: string, path: Path): RecordPart[] {
  const { name, type } = rows(content);
  if (typeof name !== "string") return [];
  const row = read(record, content);
  return [
    {
      path,
      owner: ownerName(name, zoneName),
      type: String(type),
      ...(row && { row: namedRecord(row, zoneName) }),
    },
  ];
}

function regionPart(name: string, row: Rows): RegionPart {
  const path = ["regions", name];
  const hosts = Object.entries(rows(row.hosts)).map(([key, content]) => hostPart(key, name, rows(content)));
  return { name, path, row: read(parameters, { ...row, hosts: undefined }), hosts };
}

function hostPart(name: string, regionName: string, row: Rows): HostPart {
  const { shape } = host;
  const roles = texts(row.roles).flatMap(([text]) => ROLES.filter((role) => role === text));
  return {
    name,
    region: regionName,
    path: ["regions", regionName, "hosts", name],
    address: read(shape.address, row.address),
    private: read(shape.private, row.private),
    memory: read(shape.memory, row.memory),
    roles,
    rolesKnown: Array.isArray(row.roles) && roles.length === row.roles.length,
    retire: read(shape.retire, row.retire),
  };
}
