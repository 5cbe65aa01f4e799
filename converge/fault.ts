/** A failure that an operator reads: what went wrong and what to do; never shown with a stack trace. */
export class ConvergeFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ConvergeFault";
  }
}
