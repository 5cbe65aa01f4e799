// A state file of Terraform, as far as it is read here.

export interface StateJson {
  readonly resources?: readonly {
    readonly mode: string;
    readonly type: string;
    readonly name: string;
    readonly instances: readonly Instance[];
  }[];
}

interface Instance {
  /** Of a resource that is made several times: a number, or a key. */
  readonly index_key?: number | string;
  readonly attributes?: Readonly<Record<string, unknown>>;
  /** `tainted`: made by an apply that failed. */
  readonly status?: string;
  /** Replaced by another that is there already. */
  readonly deposed?: string;
}

/** Of every managed resource, as plans call it. */
export function addressesOf(state: StateJson): string[] {
  return (state.resources ?? [])
    .filter(({ mode }) => mode === "managed")
    .flatMap(({ type, name, instances }) =>
      instances.map(({ index_key: key }) =>
        key === undefined ? `${type}.${name}` : `${type}.${name}[${JSON.stringify(key)}]`,
      ),
    );
}

/** Name → `triggers_replace` of the `terraform_data` that a state records. */
export function triggersOf(state: StateJson): Map<string, Readonly<Record<string, unknown>>> {
  const data = (state.resources ?? []).filter(
    ({ mode, type }) => mode === "managed" && type === "terraform_data",
  );
  return new Map(
    data.flatMap(({ name, instances }) =>
      lastGood(instances).map(({ attributes }) => {
        const triggers = attributes?.triggers_replace as { value?: Record<string, unknown> } | undefined;
        return [name, triggers?.value ?? {}] as const;
      }),
    ),
  );
}

/** After an apply that failed the one before it is still there, deposed. */
function lastGood(instances: readonly Instance[]): Instance[] {
  const good = instances.filter(({ status }) => status !== "tainted");
  return [...good.filter(({ deposed }) => !deposed), ...good].slice(0, 1);
}
