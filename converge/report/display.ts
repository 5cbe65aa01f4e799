import { JsonReport } from "./json-report.ts";
import { type Display, PlainReport } from "./report.ts";
import type { RunLog } from "./run-log.ts";

/** A display that moves where a person looks, plain lines for Terraform, which gives its child no terminal. */
export async function display(log: RunLog, json: boolean): Promise<Display> {
  if (json) return new JsonReport(log);
  // What moves must fit: a line a host, and one for the step that runs.
  if (!process.stdout.isTTY || log.hosts.length * 2 > process.stdout.rows) return new PlainReport(log);
  const { LiveReport } = await import("./live-report.ts");
  return new LiveReport(log);
}
