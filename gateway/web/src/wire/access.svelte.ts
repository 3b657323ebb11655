const storageKey = 'goat.token';

/** The token that this browser tab shows the gateway; gone when the tab is closed. */
class Access {
  /** True once the gateway has refused to answer without a token, or with the one it was shown. */
  needed = $state(false);
  /** True when it was a token that was refused, not the lack of one. */
  refused = $state(false);
  #token = sessionStorage.getItem(storageKey) ?? '';

  /** Shows this token from now on. */
  enter(token: string): void {
    this.#token = token.trim();
    sessionStorage.setItem(storageKey, this.#token);
    this.needed = false;
    this.refused = false;
  }

  /** Asks the gateway, with the token when there is one, and takes note when that is not enough. */
  readonly fetch: typeof fetch = async (path, init) => {
    const shown = this.#token;
    const headers = new Headers(init?.headers);
    if (shown !== '') headers.set('authorization', `Bearer ${shown}`);
    const response = await fetch(path, { ...init, headers });
    if (response.status === 401 && shown === this.#token) {
      this.needed = true;
      this.refused = shown !== '';
    }
    return response;
  };
}

/** The page's one token. */
export const access = new Access();
