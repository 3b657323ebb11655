/** Light or dark. */
export type ThemeName = 'light' | 'dark';

const key = 'goat.theme';

/** The theme: the system's until it is toggled, then the one that was chosen last. */
class Theme {
  current = $state<ThemeName>(document.documentElement.dataset['theme'] === 'dark' ? 'dark' : 'light');

  /** Changes to the other theme and remembers it. */
  toggle(): void {
    this.#set(this.current === 'dark' ? 'light' : 'dark');
    remember(key, this.current);
  }

  /** Follows the system as long as none was chosen. */
  run(): () => void {
    const system = matchMedia('(prefers-color-scheme: dark)');
    const follow = (): void => {
      if (recall(key) === null) this.#set(system.matches ? 'dark' : 'light');
    };
    system.addEventListener('change', follow);
    return () => system.removeEventListener('change', follow);
  }

  #set(name: ThemeName): void {
    document.documentElement.dataset['theme'] = name;
    this.current = name;
  }
}

/** The page's theme. */
export const theme = new Theme();

/** Remembers a choice of this browser; without storage it lasts as long as the page. */
export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    return;
  }
}

/** A remembered choice, null when there is none. */
export function recall(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}
