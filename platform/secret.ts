import { z } from "zod";

const version = z
  .int()
  .min(1)
  .meta({ description: "Raise it to rotate the secret; only its consumers restart." });
const env = z
  .string()
  .regex(/^[A-Z_][A-Z0-9_]*$/, "expected the name of an environment variable, such as REDIS_PASSWORD");
const file = z.string().min(1).meta({ description: "Relative to the folder of this file." });

export const CLEAR =
  "expected a reference such as {env: NAME, version: 1}: a secret does not belong in this file in the clear";

/** Secrets are references only; they are resolved when they are applied. */
export const secret = z.union(
  [
    z.strictObject({ env, version }),
    z.strictObject({ file, version }),
    z.strictObject({ command: z.array(z.string()).min(1), version }),
  ],
  {
    error: (issue) =>
      typeof issue.input === "object"
        ? "expected {env: NAME, version: 1}, {file: path, version: 1} or {command: [program, argument], version: 1}"
        : CLEAR,
  },
);
/** A file or variable of the operator's own, which no host is given. */
export const operatorFile = z.union([z.strictObject({ env }), z.strictObject({ file })], {
  error: (issue) => (typeof issue.input === "object" ? "expected {file: path} or {env: NAME}" : CLEAR),
});

export type SecretRef = z.output<typeof secret>;
export type OperatorRef = z.output<typeof operatorFile>;
