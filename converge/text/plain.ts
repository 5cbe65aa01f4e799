/**
 * What hosts, units and tools say must not command the terminal that shows it: of control characters only the ends of
 * lines and tabs stay (C0 and C1, ECMA-48 section 5).
 */
export function plain(text: string): string {
  return text.replace(/[^\P{Cc}\t\n]/gu, "\ufffd");
}
