// References to secrets: the file never holds one.
import { z } from "zod";
import { ENVIRONMENT_NAME, KEY_PATH } from "./secrecy.ts";
import { text } from "./text.ts";

const version = z
  .int()
  .min(1)
  .meta({ description: "Raise it to rotate the secret; only its consumers restart." });
const env = text(
  ENVIRONMENT_NAME,
  "expected the name of an environment variable, such as REDIS_PASSWORD",
).meta({ description: "Environment variable of the operator's." });
const file = z
  .string()
  .min(1)
  .meta({ description: "File, relative to the folder of this file, or from `~/`." });
const command = z
  .array(z.string())
  .min(1)
  .meta({ description: "Program and its arguments, run without a shell; what it prints is the secret." });
const sops = z
  .string()
  .min(1)
  .meta({ description: "File that sops encrypted, relative to the folder of this file, or from `~/`." });
const key = text(KEY_PATH, "expected keys of that file, joined by dots, such as redis.password").meta({
  description: "Where in that file the secret stands: its keys, joined by dots.",
});

/** What is expected where there is nothing. */
const SECRET = "expected a reference such as {env: NAME, version: 1}";
const OPERATOR = "expected a reference such as {file: path} or {env: NAME}";
/** What is said where a secret itself stands. */
const clear = (form: string) => `${form}: a secret has no place in this file`;
export const CLEAR: readonly string[] = [clear(SECRET), clear(OPERATOR)];

/** By what stands there: nothing, a reference that is wrong, or the secret. */
const told = (form: string, forms: string) => (issue: { readonly input?: unknown }) => {
  if (issue.input === undefined) return form;
  return typeof issue.input === "object" ? forms : clear(form);
};

/** A secret is a reference, resolved when it is applied. */
export const secret = z
  .union(
    [
      z.strictObject({ env, version }),
      z.strictObject({ file, version }),
      z.strictObject({ command, version }),
      z.strictObject({ sops, key, version }),
    ],
    {
      error: told(
        SECRET,
        "expected {env: NAME, version: 1}, {file: path, version: 1}, {command: [program, argument], version: 1} or {sops: path, key: a.b, version: 1}",
      ),
    },
  )
  .meta({ description: "Reference to a secret, which itself never stands in this file." });

/** What is the operator's own, which no host is given: it has no version. */
export const operatorFile = z
  .union([z.strictObject({ env }), z.strictObject({ file })], {
    error: told(OPERATOR, "expected {file: path} or {env: NAME}"),
  })
  .meta({ description: "File or environment variable of the operator's, which no host is given." });

export type SecretRef = z.output<typeof secret>;
export type OperatorRef = z.output<typeof operatorFile>;
