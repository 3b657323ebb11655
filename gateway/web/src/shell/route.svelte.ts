import { pageOf, type PageName } from './pages';

/** Which page the address names. */
class Route {
  page = $state<PageName>(pageOf(location.hash));

  /** Follows the address until the returned function is called. */
  run(): () => void {
    const follow = (): void => {
      this.page = pageOf(location.hash);
      scrollTo(0, 0);
    };
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }

  /** Goes to a page. */
  go(page: PageName): void {
    location.hash = page;
  }
}

/** The page's one route. */
export const route = new Route();
