/** A page that exists. */
export interface Page {
  readonly name: PageName;
  readonly title: string;
  readonly group: string;
  /** The key after G. */
  readonly key: string;
  /** Its sign, as an SVG path on 16 × 16. */
  readonly icon: string;
  /** True when it has its own tab on a phone; the others stand under More. */
  readonly tab: boolean;
}

/** The names of pages, as they stand after # in the address. */
export type PageName = 'overview' | 'positions' | 'decisions' | 'plays' | 'wallets' | 'market' | 'strategies' | 'feeds' | 'sql' | 'posts';

/** Every page, in the rail's order. */
export const pages: readonly Page[] = [
  { name: 'overview', title: 'Overview', group: 'Trading', key: 'o', tab: true, icon: 'M1.5 12.5 6 7.5l3 2.5 5.5-6.5' },
  {
    name: 'positions', title: 'Positions', group: 'Trading', key: 'p', tab: true,
    icon: 'M1.5 5h7m3 0h3M1.5 11h3m3 0h7M10 5m-1.5 0a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0-3 0M6 11m-1.5 0a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0-3 0',
  },
  { name: 'decisions', title: 'Decisions', group: 'Trading', key: 'd', tab: true, icon: 'M1.5 3h13L10 8.5V13l-4-1.5v-3z' },
  { name: 'plays', title: 'Plays', group: 'Trading', key: 'y', tab: false, icon: 'M2 4h1m3 0h8M2 8h1m3 0h8M2 12h1m3 0h5' },
  { name: 'wallets', title: 'Wallets', group: 'Evidence', key: 'w', tab: false, icon: 'M2 4.5h12V13H2zM2 4.5 11 2v2.5M10.5 8.7h1' },
  {
    name: 'market', title: 'Market', group: 'Evidence', key: 'm', tab: true,
    icon: 'M4.5 1.5v3m0 6v3M3 4.5h3v6H3zM11.5 3.5v2m0 5v3M10 5.5h3v5h-3z',
  },
  {
    name: 'strategies', title: 'Strategies', group: 'Evidence', key: 's', tab: false,
    icon: 'M1.5 11.5c5 0 5-7 13-7.5M1.5 5c5 0 6 6 13 6.5',
  },
  {
    name: 'feeds', title: 'Feeds', group: 'System', key: 'f', tab: false,
    icon: 'M8 12.5h.01M5 9.500a4.300 4.300 0 0 1 6 0M2 6.500a8.500 8.500 0 0 1 12 0',
  },
  { name: 'sql', title: 'SQL', group: 'System', key: 'q', tab: false, icon: 'M2.5 4 6.5 8l-4 4M8.5 12h5' },
  { name: 'posts', title: 'Posts', group: 'System', key: 'x', tab: false, icon: 'M2 3h12v8H7.5L4.5 14v-3H2zM5 6h6M5 8.5h4' },
];

/** Where an address leads: a page, one thing on it, and how it is filtered. */
export interface Place {
  readonly page: PageName;
  /** The id of the one thing that is shown, "" for none. */
  readonly item: string;
  readonly query: URLSearchParams;
}

/** The place that an address's hash names, such as "#decisions/7.all?gate=bundle"; the first page for any other. */
export function placeOf(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?', 2);
  const slash = path.indexOf('/');
  const name = slash < 0 ? path : path.slice(0, slash);
  const page = pages.find((each) => each.name === name);
  if (!page) return { page: 'overview', item: '', query: new URLSearchParams() };
  return { page: page.name, item: slash < 0 ? '' : decoded(path.slice(slash + 1)), query: new URLSearchParams(query) };
}

/** The hash of a place; parameters that are empty are left out. */
export function hashOf(page: PageName, item = '', query: Readonly<Record<string, string>> = {}): string {
  const given = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ''));
  const filters = given.size > 0 ? `?${given}` : '';
  return `#${page}${item === '' ? '' : `/${encodeURIComponent(item)}`}${filters}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The groups of the rail with their pages. */
export function groupsOf(all: readonly Page[]): { readonly title: string; readonly pages: readonly Page[] }[] {
  const titles = [...new Set(all.map((page) => page.group))];
  return titles.map((title) => ({ title, pages: all.filter((page) => page.group === title) }));
}
