// The time that the CLI takes before it does anything.
import { join } from "node:path";
import { bundleCli } from "../bin/bundle-cli.ts";
import { timed } from "./child.ts";
import { inTurns, type Times } from "./rounds.ts";
import type { Row } from "./table.ts";

const ROUNDS = 15;
const MOST_MS = 150;

export async function start(folder: string): Promise<Row[]> {
  const cli = join(folder, "start", "soundstage.mjs");
  await bundleCli(cli);
  const node = (...args: string[]) => timed(process.execPath, args).then(({ ms }) => ms);
  const times = await inTurns(
    [
      { name: "bare Node.js", run: () => node("--eval", "0") },
      { name: "CLI", run: () => node(cli, "--help") },
    ],
    ROUNDS,
  );
  const [base, ours] = [times.get("bare Node.js") as Times, times.get("CLI") as Times];
  return [
    { what: "start of the CLI", against: "bare Node.js", times: ours, base },
    { what: "start of the CLI", against: `${MOST_MS} ms`, times: ours, base: MOST_MS, atMost: 1 },
  ];
}
