import { z } from "zod";

/** A text of a form; what is expected is said of another form as of another type. */
export function text(form: RegExp, expected: string) {
  return z.string(expected).regex(form, expected);
}
