// One host's turn in an upgrade: its packages, then what they call for, and the proof that it serves again.
import { ConvergeFault } from "../fault.ts";
import { HostSession, type SessionContext } from "../run/host-session.ts";
import { Answer, type Line } from "../script/answer.ts";
import { duration } from "../text/quantity.ts";
import { anotherBoot } from "./another-boot.ts";
import { type RebootMode, reboots, type Scope } from "./host-updates.ts";

export interface UpgradeContext extends SessionContext {
  readonly bundle: ConstructorParameters<typeof HostSession>[1];
  readonly scope: Scope;
  readonly reboot: RebootMode;
  /** Milliseconds that a host has to answer again. */
  readonly rebootTimeout: number;
}

export class HostUpgrade {
  readonly #context: UpgradeContext;
  readonly #session: HostSession;

  constructor(context: UpgradeContext) {
    this.#context = context;
    this.#session = new HostSession(context, context.bundle);
  }

  /** @param gates groups whose members must be back before the next host is touched */
  async upgrade(gates: readonly string[]): Promise<void> {
    const session = this.#session;
    await (await session.begin()).ready();
    await session.hold();
    const answer = new Answer(await session.run("upgrade", [this.#context.scope]));
    const changes = answer.all("upgraded").map(([name, from, to]) => `${name} ${from} → ${to}`);
    if (changes.length > 0) session.say("packages", changes.join(", "));
    const due = { reboot: answer.all("reboot").map(([reason = ""]) => reason) };
    const restarts = answer.all("restart").filter(([, whose]) => whose !== "reboot");
    const whole = reboots(due, this.#context.reboot);
    if (whole || restarts.some(([, whose]) => whose === "bundle")) await this.#handOver();
    if (whole) await this.#reboot(due.reboot.join("; ") || "--reboot always");
    else {
      if (restarts.length > 0) session.tell(await session.run("renew"));
      this.#tellLeft(due.reboot, answer.all("restart"));
    }
    session.tell(await session.run("affirm"));
    // A host that holds another bundle may be in other groups.
    const groups = answer.all("group").map(([group]) => group);
    for (const group of gates) if (groups.includes(group)) await session.gate(group);
    session.say("upgraded", changes.length > 0 ? "" : "no package");
  }

  async release(): Promise<void> {
    try {
      await this.#session.letGo();
    } finally {
      this.#session.disconnect();
    }
  }

  /** A leader hands over before anything of it restarts. */
  async #handOver(): Promise<void> {
    const { fresh, leads } = await this.#session.member();
    for (const group of leads) if (!fresh.has(group)) await this.#session.handover(group);
  }

  #tellLeft(reasons: readonly string[], services: readonly (readonly string[])[]): void {
    const lasting = services.filter(([, whose]) => whose === "reboot").map(([name]) => name);
    if (lasting.length > 0)
      this.#session.say("awaits", `a reboot, until which replaced files are run by ${lasting.join(", ")}`);
    if (reasons.length > 0)
      this.#session.say("awaits", `a reboot: ${reasons.join("; ")}; --reboot auto makes it`);
  }

  async #reboot(reason: string): Promise<void> {
    const session = this.#session;
    const lines = await session.run("reboot");
    session.tell(lines.filter(([step]) => step === "drained"));
    session.say("reboot", reason);
    const began = performance.now();
    await this.#awaitBoot(bootOf(lines));
    session.say("back", `after ${duration((performance.now() - began) / 1000)}`);
    await session.hold();
  }

  /** The connection ends with the boot, by design. */
  async #awaitBoot(before: string): Promise<void> {
    const { rebootTimeout } = this.#context;
    const seen = await anotherBoot({ before, ask: () => this.#boot(), timeout: rebootTimeout });
    if (seen !== undefined)
      throw new ConvergeFault(
        `it did not come back within ${duration(rebootTimeout / 1000)} of its reboot: ${seen}\n` +
          `Look at its console. Its packages are upgraded, and its services were stopped for the reboot. ` +
          `When it answers: soundstage status ${this.#session.name}, and soundstage upgrade --only-failed for the rest`,
      );
    await this.#session.reconnect();
  }

  async #boot(): Promise<string> {
    const remote = await this.#session.another();
    try {
      return bootOf(await remote.ask("boot"));
    } finally {
      remote.close();
    }
  }
}

function bootOf(lines: readonly Line[]): string {
  const boot = new Answer(lines).one("boot");
  if (boot === undefined) throw new ConvergeFault("it does not say which boot it answers from");
  return boot;
}
