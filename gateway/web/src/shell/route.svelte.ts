import { hashOf, placeOf, type PageName, type Place } from './pages';

/** Which page the address names, and what on it. */
class Route {
  #place = $state.raw<Place>(placeOf(location.hash));

  get page(): PageName {
    return this.#place.page;
  }

  /** The id of the one thing that is shown, "" for none. */
  get item(): string {
    return this.#place.item;
  }

  /** The filter of this name, "" when it is not set. */
  filter(name: string): string {
    return this.#place.query.get(name) ?? '';
  }

  /** Follows the address until the returned function is called. */
  run(): () => void {
    const follow = (): void => {
      const before = this.#place;
      this.#place = placeOf(location.hash);
      if (before.page !== this.page) scrollTo(0, 0);
    };
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }

  /** Goes to a page, or to one thing on it. */
  go(page: PageName, item = '', query: Readonly<Record<string, string>> = {}): void {
    location.hash = hashOf(page, item, query);
  }

  /** Sets filters of the page that is shown; the others stay. Does not grow the history. */
  refine(change: Readonly<Record<string, string>>): void {
    const query = { ...Object.fromEntries(this.#place.query), ...change };
    history.replaceState(null, '', hashOf(this.page, this.item, query));
    this.#place = placeOf(location.hash);
  }
}

/** The page's one route. */
export const route = new Route();
