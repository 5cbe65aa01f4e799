// What commands that change hosts have in common: a display, an end in order when they are told to end, last words, and an exit code.
import { display } from "./report/display.ts";
import type { Display } from "./report/report.ts";
import type { RunLog } from "./report/run-log.ts";
import { isDone, type Outcome } from "./report/summary.ts";
import { ProcessStop, type Stop } from "./run/stop.ts";

export interface Command {
  readonly log: RunLog;
  /** Says what happens as a JSON object a line. @default false */
  readonly json?: boolean;
  /** Of all that are meant; filled in as it goes. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
  /** Called with the last words, also where it is abandoned. @default nothing is recorded */
  readonly record?: () => void;
}

/** @returns the exit code: 0 only when every host is as it was meant to be */
export async function commanded(
  { log, json, outcomes, record }: Command,
  work: (report: Display, stop: Stop) => Promise<void>,
): Promise<number> {
  const began = performance.now();
  const report = await display(log, json ?? false);
  const conclude = () => {
    record?.();
    const seconds = (performance.now() - began) / 1000;
    report.summary({ outcomes, seconds, ...(stop.reason && { stopped: stop.reason }) });
  };
  const stop = new ProcessStop(
    (reason) => report.stopping(reason),
    () => {
      conclude();
      process.exit(130);
    },
  );
  try {
    try {
      await work(report, stop);
    } finally {
      await report.close();
    }
    conclude();
  } finally {
    await stop.dispose();
  }
  const ends = [...outcomes.values()];
  if (ends.every(isDone)) return 0;
  return stop.reason && ends.includes("not begun") ? stop.code : 1;
}
