// One host that a run works on: reached, held, and told what to do verb by verb.
import type { ChangeOrder, Connection } from "../../bundle/manifest.ts";
import type { Member } from "../order/schedule.ts";
import type { Report } from "../report/report.ts";
import { type Line, StepFault } from "../script/answer.ts";
import { type Connecting, Remote } from "../script/remote.ts";
import type { Access } from "../ssh/access.ts";

export interface SessionContext {
  readonly connection: Connection;
  readonly access: Access;
  readonly report: Report;
  /** Who holds the host, for whoever else comes. */
  readonly owner: string;
  /** Milliseconds to wait for another run. */
  readonly lockWait: number;
  /** Aborted when no host is begun any more. @default nothing ends it early */
  readonly ending?: AbortSignal | undefined;
}

/** More of what a step says is counted. */
const SHOWN = 6;

export class HostSession {
  readonly name: string;
  readonly #context: SessionContext;
  readonly #script: string;
  readonly #order: readonly ChangeOrder[];
  #remote: Remote | undefined;

  /** @param bundle the host's script, and how it may change in its groups */
  constructor(context: SessionContext, bundle: { script: string; order: readonly ChangeOrder[] }) {
    this.name = context.connection.host;
    this.#context = context;
    this.#script = bundle.script;
    this.#order = bundle.order;
  }

  /** Connects for the first time; throws `NotBegunFault` where the run is told to end before that. */
  async begin(): Promise<Remote> {
    const { ending } = this.#context;
    this.#remote = await this.another({ ending, slow: (text) => this.say("waits", text) });
    return this.#remote;
  }

  /** Connects anew. */
  async reconnect(): Promise<Remote> {
    this.disconnect();
    this.#remote = await this.another();
    return this.#remote;
  }

  /** A second connection; one that a running step needs is made also where the run is told to end. */
  another(connecting?: Connecting): Promise<Remote> {
    const { connection, access } = this.#context;
    return Remote.connect(connection, access, this.#script, connecting);
  }

  /** Takes the host for this run; waits where another has it. */
  async hold(): Promise<void> {
    const { owner, lockWait } = this.#context;
    const waiting = (holder: string) => this.say("waits", `for ${holder}`);
    await this.#connected.hold(owner, { ms: lockWait, waiting });
  }

  /** Runs a verb; what it had done before it failed is told. */
  async run(...call: Parameters<Remote["run"]>): Promise<Line[]> {
    try {
      return await this.#connected.run(...call);
    } catch (error) {
      if (error instanceof StepFault) this.tell(error.done);
      throw error;
    }
  }

  /** Where it stands in its groups, as its own scripts tell. */
  async member(): Promise<Member> {
    const yes = async (part: "fresh" | "leads") => {
      const asked = await Promise.all(
        this.#order.map(async ({ group, [part]: script }) =>
          script && (await this.#remote?.asks("order", [group, part])) ? [group] : [],
        ),
      );
      return new Set(asked.flat());
    };
    return { host: this.name, order: this.#order, fresh: await yes("fresh"), leads: await yes("leads") };
  }

  async handover(group: string): Promise<void> {
    if (!this.#order.find((order) => order.group === group)?.handover) return;
    await this.run("order", [group, "handover"]);
    this.say("handover", group);
  }

  async gate(group: string): Promise<void> {
    const order = this.#order.find((candidate) => candidate.group === group);
    if (order?.gate) await this.run("order", [group, "gate", String(order.gateSeconds ?? 60)]);
  }

  /** Lets the host go. */
  async letGo(): Promise<void> {
    await this.#remote?.letGo();
  }

  disconnect(): void {
    this.#remote?.close();
    this.#remote = undefined;
  }

  tell(lines: readonly Line[]): void {
    const grouped = new Map<string, string[]>();
    for (const [step, ...fields] of lines)
      grouped.set(step, [...(grouped.get(step) ?? []), fields.join(" ")]);
    for (const [step, texts] of grouped) {
      const shown =
        texts.length > SHOWN ? [...texts.slice(0, SHOWN - 1), `and ${texts.length - SHOWN + 1} more`] : texts;
      this.say(step, shown.join(", "));
    }
  }

  say(step: string, text: string): void {
    this.#context.report.step(this.name, step, text);
  }

  get #connected(): Remote {
    return this.#remote as Remote;
  }
}
