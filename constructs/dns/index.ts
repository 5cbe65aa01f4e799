// soundstage/dns: public zones, and names that answer by where their client is.
export { type Geo, GeoAnswers, type GeoAnswersProps, type GeoHost } from "./geo-answers.ts";
export type { DnsRecord } from "./record.ts";
export { type DnssecPhase, Zone, type ZoneProps } from "./zone.ts";
