// One host of a run: what it needs, its preparation up to the barrier, its change, and its way back.
import type { Manifest } from "../../bundle/manifest.ts";
import type { HostBundle } from "../../bundle/reader.ts";
import { ConvergeFault } from "../fault.ts";
import type { Member } from "../order/schedule.ts";
import { Answer, type Line, StepFault } from "../script/answer.ts";
import { type Generation, generations } from "../script/generations.ts";
import { type Held, heldOf, requireHeld } from "../script/held.ts";
import type { OutputOrigin } from "../script/output-origin.ts";
import { secretChanges } from "../script/secret-changes.ts";
import { archiveOf, type Missing, uploadText } from "../script/upload.ts";
import type { Secrets } from "../secrets/secrets.ts";
import { HostSession, type SessionContext } from "./host-session.ts";

export interface HostContext extends SessionContext {
  readonly bundle: HostBundle;
  readonly secrets: Secrets;
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
  readonly #session: HostSession;
  /** Applied and awaiting its probes. */
  #pending = false;

  constructor(context: HostContext) {
    this.name = context.connection.host;
    this.manifest = context.bundle.manifest;
    this.#context = context;
    this.#session = new HostSession(context, {
      script: context.bundle.script,
      order: this.manifest.order,
    });
  }

  /** True when the host is verified to be its bundle already: one round trip, where it knows this version of the script. */
  async same(): Promise<boolean> {
    const remote = await this.#session.begin();
    let lines = await remote.verify();
    if (!lines) {
      await remote.ship();
      lines = await remote.run("inspect");
    }
    const answer = new Answer(lines);
    const hash = answer.one("manifest");
    const drift = answer.all("drift");
    for (const [what = ""] of drift) this.#session.say("drift", what);
    this.#requirePlanned(lines);
    const changed = secretChanges(this.manifest, lines, this.#context.secrets).filter(
      ({ value }) => value === "other",
    );
    if (hash !== this.#context.bundle.hash) this.#requireNewer(answer.one("origin"));
    return hash === this.#context.bundle.hash && drift.length === 0 && changed.length === 0;
  }

  /** An old branch must not quietly undo what a newer one brought. */
  #requireNewer(held: string | undefined): void {
    const { origin, allowOlder } = this.#context;
    const relation = origin.relationTo(held);
    if (relation === "unknown")
      this.#session.say(
        "origin",
        `the host has ${held}, and it can not be told whether this output contains that`,
      );
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
    await this.#session.hold();
    // Again, now that nobody else may change it.
    if (this.#context.planned) this.#requirePlanned(await this.#session.run("inspect"));
    const missing = new Answer(await this.#session.run("stage", [origin.label], bundle.plain))
      .all("missing")
      .map(([hash, have = 0]): Missing => ({ hash: hash as string, have: Number(have) }));
    if (missing.length > 0) {
      await this.#session.run("receive", [], archiveOf(bundle, missing));
      this.#session.say("upload", uploadText(bundle, missing));
    }
    if (this.manifest.secrets.length > 0)
      await this.#session.run("secrets", [], this.#context.secrets.lines(this.manifest.secrets));
    const ready = new Answer(await this.#session.run("ready"));
    this.#session.tell(ready.without("request"));
    const requests = ready.all("request");
    for (const [id, csr] of requests) {
      await this.#answer(id as string, Buffer.from(csr as string, "base64").toString());
    }
    // Where nothing awaited a signature the checks have run with the rest.
    if (requests.length > 0) this.#session.tell(await this.#session.run("check"));
  }

  /**
   * The same for an earlier generation in the place of the bundle.
   * @param choose is given those that the host keeps
   * @returns the groups that it changes in
   */
  async restage(choose: (kept: readonly Generation[]) => Generation): Promise<string[]> {
    await (await this.#session.begin()).ready();
    await this.#session.hold();
    const { number } = choose(generations(await this.#session.run("history")));
    const staged = new Answer(await this.#session.run("restage", [String(number)]));
    this.#session.tell(staged.without("group"));
    this.#session.tell(await this.#session.run("check"));
    return staged.all("group").map(([group]) => group as string);
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
    this.#session.tell(await this.#session.run("answer", [id], await sign(request, wanted, authority)));
  }

  /** Where it stands in its groups, as its own scripts tell. */
  async member(): Promise<Member> {
    return { ...(await this.#session.member()), retires: this.manifest.retired !== undefined };
  }

  handover(group: string): Promise<void> {
    return this.#session.handover(group);
  }

  async apply(): Promise<void> {
    // Until it is proven or put back: also where the connection is lost in between.
    this.#pending = true;
    try {
      const answer = new Answer(await this.#session.run("change"));
      this.#session.tell(answer.without("guard"));
      if (answer.all("guard").length > 0) await this.#confirm();
    } catch (error) {
      if (error instanceof StepFault && error.code === 11) this.#pending = false;
      throw error;
    }
  }

  /** What changed could lock us out: only a new connection proves that it did not. */
  async #confirm(): Promise<void> {
    try {
      const second = await this.#session.another();
      try {
        await second.run("confirm");
      } finally {
        second.close();
      }
      this.#session.say("confirmed", "a new connection was made with what changed");
    } catch (error) {
      throw new ConvergeFault(
        `no new connection can be made with what changed, so it is put back: ${(error as Error).message}`,
      );
    }
  }

  gate(group: string): Promise<void> {
    return this.#session.gate(group);
  }

  async cluster(id: string): Promise<void> {
    this.#session.tell(await this.#session.run("cluster", [id]));
  }

  async prove(): Promise<void> {
    this.#session.tell(await this.#session.run("finish"));
    this.#pending = false;
  }

  /** Puts the previous generation back where a change is not proven, and lets the host go; says so where it can not. */
  async release(): Promise<void> {
    try {
      if (this.#pending) this.#session.tell(await this.#session.run("revert"));
      await this.#session.letGo();
    } catch (error) {
      this.#context.report.failed(this.name, `it could not be left in order: ${(error as Error).message}`);
    } finally {
      this.#session.disconnect();
    }
  }
}
