/**
 * Makes text literal in Terraform's JSON, where `${` and `%{` open templates
 * (Terraform language, "JSON Configuration Syntax", string templates). Nothing else is touched:
 * shell and nginx texts hold `$` and `%` of their own.
 */
export function escapeTemplates<T>(value: T): T {
  if (typeof value === "string") return value.replace(/[$%](?=\{)/g, "$&$&") as T;
  if (Array.isArray(value)) return value.map(escapeTemplates) as T;
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [escapeTemplates(key), escapeTemplates(inner)]),
    ) as T;
  }
  return value;
}
