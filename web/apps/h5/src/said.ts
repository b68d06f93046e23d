/** What a page says while something happens. Its words come with the page, in its language. */

/** Say one of the texts that an element carries as `data-…`; values stand in place of their names in braces. */
export function say(status: HTMLElement, what: string, values: Record<string, string | number> = {}): void {
  const text = status.dataset[what] ?? "";
  status.textContent = text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Find a part of a page that our own template put there. */
export function part<Kind extends Element>(within: ParentNode, selector: string): Kind {
  const found = within.querySelector<Kind>(selector);
  if (found === null) throw new Error(`The page has no ${selector}`);
  return found;
}
