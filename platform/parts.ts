// The parts of a file that are right in themselves, so that rules between them speak also where others are not.
import type { Path } from "./document.ts";
import { absolute, ownerName } from "./names.ts";
import { type RecordRow, record } from "./record.ts";
import { type HostRow, host, type RegionRow, region } from "./region.ts";
import { type ZoneRow, zone } from "./zone.ts";

export interface RecordPart {
  readonly row: RecordRow;
  readonly path: Path;
  readonly zone: string;
  /** Absolute name. */
  readonly name: string;
  /** Absolute name that it points to. */
  readonly target?: string;
}

export interface ZonePart {
  readonly name: string;
  readonly path: Path;
  /** Absent where something of the zone itself is wrong. */
  readonly row?: ZoneRow;
  readonly records: readonly RecordPart[];
}

export interface HostPart {
  readonly name: string;
  readonly region: string;
  readonly path: Path;
  readonly row: HostRow;
}

export interface RegionPart {
  readonly name: string;
  readonly path: Path;
  readonly row?: RegionRow;
  readonly hosts: readonly HostPart[];
}

export interface Parts {
  readonly raw: Readonly<Record<string, unknown>>;
  readonly zones: readonly ZonePart[];
  readonly regions: readonly RegionPart[];
  readonly hosts: readonly HostPart[];
}

type Rows = Record<string, unknown>;

const rows = (value: unknown): Rows =>
  value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Rows) : {};

export function partsOf(value: unknown): Parts {
  const raw = rows(value);
  const zones = Object.entries(rows(raw.zones)).map(([name, content]): ZonePart => {
    const path = ["zones", name];
    const parsed = zone.safeParse({ ...rows(content), records: [] });
    const list = rows(content).records;
    return {
      name,
      path,
      ...(parsed.success && { row: parsed.data }),
      records: Array.isArray(list)
        ? list.flatMap((row, index) => recordPart(row, name, [...path, "records", index]))
        : [],
    };
  });
  const regions = Object.entries(rows(raw.regions)).map(([name, content]): RegionPart => {
    const path = ["regions", name];
    const hosts = Object.entries(rows(rows(content).hosts)).flatMap(([key, row]): HostPart[] => {
      const parsed = host.safeParse(row);
      return parsed.success
        ? [{ name: key, region: name, path: [...path, "hosts", key], row: parsed.data }]
        : [];
    });
    const parsed = region.safeParse({ ...rows(content), hosts: {} });
    return { name, path, hosts, ...(parsed.success && { row: parsed.data }) };
  });
  return { raw, zones, regions, hosts: regions.flatMap(({ hosts }) => hosts) };
}

function recordPart(row: unknown, zoneName: string, path: Path): RecordPart[] {
  const parsed = record.safeParse(row);
  if (!parsed.success) return [];
  const { data } = parsed;
  const target = "target" in data ? absolute(data.target, zoneName) : undefined;
  return [
    {
      row: data,
      path,
      zone: zoneName,
      name: ownerName(data.name, zoneName),
      ...(target !== undefined && { target }),
    },
  ];
}
