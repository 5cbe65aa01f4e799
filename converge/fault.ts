/** A failure that an operator reads: what went wrong and what to do; never shown with a stack trace. */
export class ConvergeFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ConvergeFault";
  }
}

/** A run was told to end before it had reached the host, on which nothing has begun. */
export class NotBegunFault extends ConvergeFault {
  constructor() {
    super("the run was told to end before the host was reached");
    this.name = "NotBegunFault";
  }
}

/** No session with a host could be had, or it was lost. */
export class UnreachableFault extends ConvergeFault {
  /** A host that boots, or a server that takes no more connections for now: asking again may help. */
  readonly transient: boolean;

  constructor(message: string, transient = false) {
    super(message);
    this.name = "UnreachableFault";
    this.transient = transient;
  }
}
