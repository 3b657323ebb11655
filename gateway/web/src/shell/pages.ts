/** A page that exists. */
export interface Page {
  readonly name: PageName;
  readonly title: string;
  readonly group: string;
  /** The key after G. */
  readonly key: string;
  /** Its sign, as an SVG path on 16 × 16. */
  readonly icon: string;
}

/** The names of pages, as they stand after # in the address. */
export type PageName = 'market' | 'feeds';

/** Every page, in the rail's order. */
export const pages: readonly Page[] = [
  {
    name: 'market', title: 'Market', group: 'Evidence', key: 'm',
    icon: 'M4.5 1.5v3m0 6v3M3 4.5h3v6H3zM11.5 3.5v2m0 5v3M10 5.5h3v5h-3z',
  },
  {
    name: 'feeds', title: 'Feeds', group: 'System', key: 'f',
    icon: 'M8 12.5h.01M5 9.500a4.300 4.300 0 0 1 6 0M2 6.500a8.500 8.500 0 0 1 12 0',
  },
];

/** The page that an address's hash names; the first page for any other. */
export function pageOf(hash: string): PageName {
  const name = hash.replace(/^#/, '');
  return pages.find((page) => page.name === name)?.name ?? 'market';
}

/** The groups of the rail with their pages. */
export function groupsOf(all: readonly Page[]): { readonly title: string; readonly pages: readonly Page[] }[] {
  const titles = [...new Set(all.map((page) => page.group))];
  return titles.map((title) => ({ title, pages: all.filter((page) => page.group === title) }));
}
