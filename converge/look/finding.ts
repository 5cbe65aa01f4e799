// One thing that the doctor looked at.
export interface Finding {
  /** A host, or `here`: the operator's machine. */
  readonly where: string;
  readonly what: string;
  readonly ok: boolean;
  /** It is worth knowing, and not the host's to mend. */
  readonly note?: true;
  readonly found: string;
  /** Command that mends it, or what to do, where it is not as it should be. */
  readonly fix?: string;
}

export function finding(where: string, what: string, ok: boolean, found: string, fix: string): Finding {
  return { where, what, ok, found, ...(!ok && { fix }) };
}
