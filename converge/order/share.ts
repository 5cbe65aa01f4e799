// A part of a fleet, as operators write it: so many hosts (`2`), or so many of a hundred (`25%`).
import { ConvergeFault } from "../fault.ts";

export class Share {
  readonly #text: string;

  private constructor(text: string) {
    this.#text = text;
  }

  /** @param what the option or key that it was given to */
  static parse(text: string, what: string): Share {
    if (!/^(\d+|(100|\d{1,2})%)$/.test(text))
      throw new ConvergeFault(`${what} "${text}" is neither a number of hosts nor a share such as 25%`);
    return new Share(text);
  }

  /** Sizes of the waves of a stack. */
  static waves(sizes: readonly string[]): Share[] {
    return sizes.map((size) => {
      const share = Share.parse(size, "wave");
      if (/^0+%?$/.test(size))
        throw new ConvergeFault(`wave "${size}" holds no host: expected 1 or more, or 1% or more`);
      return share;
    });
  }

  /** A part of a host is none. */
  of(hosts: number): number {
    const number = Number.parseInt(this.#text, 10);
    return this.#text.endsWith("%") ? Math.floor((hosts * number) / 100) : number;
  }
}
