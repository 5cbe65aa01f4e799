// One host of a run: what it needs, its preparation up to the barrier, its change, and its way back.
import type { Connection, Manifest } from "../../bundle/manifest.ts";
import type { HostBundle } from "../../bundle/reader.ts";
import { ConvergeFault } from "../fault.ts";
import type { Member } from "../order/schedule.ts";
import type { Report } from "../report/report.ts";
import { type Line, StepFault } from "../script/answer.ts";
import { type Generation, generations } from "../script/generations.ts";
import { type Held, heldOf, requireHeld } from "../script/held.ts";
import type { OutputOrigin } from "../script/output-origin.ts";
import { Remote } from "../script/remote.ts";
import { secretChanges } from "../script/secret-changes.ts";
import { archiveOf, type Missing } from "../script/upload.ts";
import type { Secrets } from "../secrets/secrets.ts";
import type { Access } from "../ssh/access.ts";

export interface HostContext {
  readonly connection: Connection;
  readonly access: Access;
  readonly bundle: HostBundle;
  readonly secrets: Secrets;
  readonly report: Report;
  /** Who holds the host, for whoever else comes. */
  readonly owner: string;
  /** Milliseconds to wait for another run. */
  readonly lockWait: number;
  readonly origin: OutputOrigin;
  /** Whether the host may go back to an output that does not contain the commit it has. */
  readonly allowOlder: boolean;
  /** What the host had when it was planned; undefined where no plan is applied. */
  readonly planned: Held | undefined;
}

export class HostRun {
  readonly name: string;
  readonly manifest: Manifest;
  readonly #context: HostContext;
  #remote: Remote | undefined;
  /** Applied and awaiting its probes. */
  #pending = false;

  constructor(context: HostContext) {
    this.name = context.connection.host;
    this.manifest = context.bundle.manifest;
    this.#context = context;
  }

  /** True when the host is verified to be its bundle already: one round trip, where it knows this version of the script. */
  async same(): Promise<boolean> {
    const remote = await this.#connect();
    let answer = await remote.verify();
    if (!answer) {
      await remote.ship();
      answer = await remote.run("inspect");
    }
    const hash = answer.find(([step]) => step === "manifest")?.[1];
    const drift = answer.filter(([step]) => step === "drift");
    for (const [, what] of drift) this.#say("drift", what ?? "");
    this.#requirePlanned(answer);
    const changed = secretChanges(this.manifest, answer, this.#context.secrets).filter(
      ({ value }) => value === "other",
    );
    if (hash !== this.#context.bundle.hash)
      this.#requireNewer(answer.find(([step]) => step === "origin")?.[1]);
    return hash === this.#context.bundle.hash && drift.length === 0 && changed.length === 0;
  }

  async #connect(): Promise<Remote> {
    const { connection, access, bundle } = this.#context;
    this.#remote = await Remote.connect(connection, access, bundle.script);
    return this.#remote;
  }

  /** An old branch must not quietly undo what a newer one brought. */
  #requireNewer(held: string | undefined): void {
    const { origin, allowOlder } = this.#context;
    const relation = origin.relationTo(held);
    if (relation === "unknown")
      this.#say("origin", `the host has ${held}, and it can not be told whether this output contains that`);
    if (relation !== "other" || allowOlder) return;
    throw new ConvergeFault(
      `the host has commit ${held}, which this output (${origin.label}) does not contain: merge it, or name the host in SOUNDSTAGE_ALLOW_OLDER=${this.name} (or say --allow-older)`,
    );
  }

  /** What was planned for another state of the host is not applied to this one. */
  #requirePlanned(answer: readonly Line[]): void {
    const { planned } = this.#context;
    if (planned) requireHeld(planned, heldOf(answer));
  }

  /** All that changes nothing that runs: upload, packages, users, certificates, secrets, checks. */
  async prepare(): Promise<void> {
    const { bundle, origin } = this.#context;
    await this.#hold();
    // Again, now that nobody else may change it.
    if (this.#context.planned) this.#requirePlanned(await this.#run("inspect"));
    const missing = (await this.#run("stage", [origin.label], bundle.plain))
      .filter(([step]) => step === "missing")
      .map(([, hash, have]): Missing => ({ hash: hash as string, have: Number(have ?? 0) }));
    if (missing.length > 0) {
      const bytes = missing.reduce(
        (sum, { hash, have }) => sum + (bundle.objects.get(hash)?.size ?? 0) - have,
        0,
      );
      await this.#run("receive", [], archiveOf(bundle, missing));
      this.#say("upload", `${missing.length} objects, ${(bytes / 1e6).toFixed(1)} MB`);
    }
    if (this.manifest.secrets.length > 0)
      await this.#run("secrets", [], this.#context.secrets.lines(this.manifest.secrets));
    const ready = await this.#run("ready");
    this.#tell(ready.filter(([step]) => step !== "request"));
    const requests = ready.filter(([step]) => step === "request");
    for (const [, id, csr] of requests) {
      await this.#answer(id as string, Buffer.from(csr as string, "base64").toString());
    }
    // Where nothing awaited a signature the checks have run with the rest.
    if (requests.length > 0) this.#tell(await this.#run("check"));
  }

  /**
   * The same for an earlier generation in the place of the bundle.
   * @param choose is given those that the host keeps
   * @returns the groups that it changes in
   */
  async restage(choose: (kept: readonly Generation[]) => Generation): Promise<string[]> {
    await (await this.#connect()).ready();
    await this.#hold();
    const { number } = choose(generations(await this.#run("history")));
    const staged = await this.#run("restage", [String(number)]);
    this.#tell(staged.filter(([step]) => step !== "group"));
    this.#tell(await this.#run("check"));
    return staged.filter(([step]) => step === "group").map(([, group]) => group as string);
  }

  async #hold(): Promise<void> {
    const { owner, lockWait } = this.#context;
    const waiting = (holder: string) => this.#say("waits", `for ${holder}`);
    await (this.#remote as Remote).hold(owner, { ms: lockWait, waiting });
  }

  async #answer(id: string, request: string): Promise<void> {
    const wanted = this.manifest.actions.find((action) => action.id === id)?.certificate;
    if (!wanted)
      throw new ConvergeFault(
        `the host asks for a signature for "${id}", which its manifest does not declare`,
      );
    const { secrets } = this.#context;
    const authority = {
      certificate: secrets.operator(wanted.authority.certificate),
      key: secrets.operator(wanted.authority.key),
    };
    const { sign } = await import("../secrets/authority.ts");
    this.#tell(await this.#run("answer", [id], await sign(request, wanted, authority)));
  }

  /** Where it stands in its groups, as its own scripts tell. */
  async member(): Promise<Member> {
    const { order } = this.manifest;
    const yes = async (part: "fresh" | "leads") => {
      const asked = await Promise.all(
        order.map(async ({ group, [part]: script }) =>
          script && (await this.#remote?.asks("order", [group, part])) ? [group] : [],
        ),
      );
      return new Set(asked.flat());
    };
    return {
      host: this.name,
      order,
      fresh: await yes("fresh"),
      leads: await yes("leads"),
      retires: this.manifest.retired !== undefined,
    };
  }

  async handover(group: string): Promise<void> {
    if (!this.manifest.order.find((order) => order.group === group)?.handover) return;
    await this.#run("order", [group, "handover"]);
    this.#say("handover", group);
  }

  async apply(): Promise<void> {
    // Until it is proven or put back: also where the connection is lost in between.
    this.#pending = true;
    try {
      const lines = await this.#run("change");
      this.#tell(lines.filter(([step]) => step !== "guard"));
      if (lines.some(([step]) => step === "guard")) await this.#confirm();
    } catch (error) {
      if (error instanceof StepFault && error.code === 11) this.#pending = false;
      throw error;
    }
  }

  /** What changed could lock us out: only a new connection proves that it did not. */
  async #confirm(): Promise<void> {
    const { connection, access, bundle } = this.#context;
    try {
      const second = await Remote.connect(connection, access, bundle.script);
      try {
        await second.run("confirm");
      } finally {
        second.close();
      }
      this.#say("confirmed", "a new connection was made with what changed");
    } catch (error) {
      throw new ConvergeFault(
        `no new connection can be made with what changed, so it is put back: ${(error as Error).message}`,
      );
    }
  }

  async gate(group: string): Promise<void> {
    const order = this.manifest.order.find((candidate) => candidate.group === group);
    if (order?.gate) await this.#run("order", [group, "gate", String(order.gateSeconds ?? 60)]);
  }

  async cluster(id: string): Promise<void> {
    this.#tell(await this.#run("cluster", [id]));
  }

  async prove(): Promise<void> {
    this.#tell(await this.#run("finish"));
    this.#pending = false;
  }

  /** Puts the previous generation back where a change is not proven, and lets the host go; says so where it can not. */
  async release(): Promise<void> {
    try {
      if (this.#pending) this.#tell((await this.#remote?.run("revert")) ?? []);
      await this.#remote?.letGo();
    } catch (error) {
      this.#context.report.failed(this.name, `it could not be left in order: ${(error as Error).message}`);
    } finally {
      this.#remote?.close();
    }
  }

  async #run(...call: Parameters<Remote["run"]>): Promise<Line[]> {
    try {
      return await (this.#remote as Remote).run(...call);
    } catch (error) {
      if (error instanceof StepFault) this.#tell(error.done);
      throw error;
    }
  }

  #tell(lines: readonly Line[]): void {
    const grouped = new Map<string, string[]>();
    for (const [step, ...fields] of lines)
      grouped.set(step, [...(grouped.get(step) ?? []), fields.join(" ")]);
    for (const [step, texts] of grouped) {
      const shown = texts.length > 6 ? [...texts.slice(0, 5), `and ${texts.length - 5} more`] : texts;
      this.#say(step, shown.join(", "));
    }
  }

  #say(step: string, text: string): void {
    this.#context.report.step(this.name, step, text);
  }
}
