/** An element that the page must have, as its own class. */
export function byId<T extends HTMLElement>(
  id: string,
  kind: abstract new () => T = HTMLElement as never,
): T {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`the page has no #${id}`);
  return element;
}

/** Writes a fact into the page. */
export function show(id: string, text: string): void {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}
