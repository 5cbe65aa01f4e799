// `soundstage unlock`: a host taken from a run that nobody needs any more.
import { ConvergeFault } from "../fault.ts";
import { Hosts } from "../output/hosts.ts";
import { Answer, type Line } from "../script/answer.ts";
import { plain } from "../text/plain.ts";

export interface UnlockOptions {
  readonly output: string;
  readonly stack: string;
  readonly host: string;
  readonly json?: boolean;
  /** Asked where somebody holds it, or has left something unproven there. */
  readonly confirmed: (question: string) => Promise<boolean>;
}

/** @returns 0 where nobody holds the host any more, 2 where that was not confirmed */
export async function unlock({ host, json, confirmed, ...wanted }: UnlockOptions): Promise<number> {
  const hosts = await Hosts.of({ ...wanted, hosts: [host], json });
  return hosts.reach(host, async (remote) => {
    const status = new Answer(await remote.ask("status"));
    const heldBy = status.one("held");
    const tell = (outcome: string, lines: readonly Line[] = []) => {
      if (json) console.log(JSON.stringify({ host, heldBy: heldBy ?? null, outcome, lines }, null, 2));
      else
        for (const [, text] of lines.length > 0 ? lines : [["", outcome]])
          console.log(`${host}  ${plain(text ?? "")}`);
    };
    if (heldBy === undefined && status.one("interrupted") === undefined) {
      tell("nobody holds it, and nothing was left unproven there");
      return 0;
    }
    const state = heldBy ? `is held by ${heldBy}` : "is held by nobody, and an apply was interrupted there";
    if (!json) console.log(`${host} ${plain(state)}`);
    if (!(await confirmed(`Take it, and put back what was not proven? (yes) `))) {
      tell("nothing was changed");
      return 2;
    }
    await remote.ready();
    const lines = await remote.run("unlock");
    if (lines.length === 0) throw new ConvergeFault("the host does not say whether it was unlocked");
    tell("unlocked", lines);
    return 0;
  });
}
