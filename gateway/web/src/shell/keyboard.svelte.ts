import { pageClock } from '../live/page_clock.svelte';
import { saveCsv } from '../table/csv';
import { pageActions } from './page_actions.svelte';
import { pages } from './pages';
import { route } from './route.svelte';
import { recall, remember, theme } from './theme.svelte';

const sequenceMs = 1500;
const setting = 'goat.keys';

/** The keys there are, with what they do. */
export const keyList: readonly (readonly [keys: string, what: string])[] = [
  ...pages.map((page) => [`G ${page.key.toUpperCase()}`, page.title] as const),
  ['1 – 4', 'Window'],
  ['J K', 'Next, previous row'],
  ['Enter Esc', 'Open the row, go back'],
  ['/', 'Search'],
  ['Space', 'Hold the page'],
  ['C', 'Save the table as CSV'],
  ['T', 'Light, dark'],
  ['?', 'This list'],
];

/** Single keys and the list of them. */
class Keyboard {
  /** False when single keys were switched off; only "?" remains. */
  enabled = $state(recall(setting) !== 'off');
  listOpen = $state(false);
  #afterG = 0;

  /** Switches single keys on or off and remembers it. */
  setEnabled(enabled: boolean): void {
    this.enabled = enabled;
    remember(setting, enabled ? 'on' : 'off');
  }

  /** Acts on keys until the returned function is called. */
  run(): () => void {
    const press = (event: KeyboardEvent): void => this.#press(event);
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }

  #press(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const key = event.key.toLowerCase();
    if (key === '?') this.listOpen = !this.listOpen;
    // The dialog closes by itself, but says so only later: the next key must not be lost to it.
    else if (key === 'escape' && this.listOpen) this.listOpen = false;
    else if (!this.enabled || this.listOpen) return;
    else if (this.#isSecondOfSequence(key)) return;
    else if (key === 'g') this.#afterG = performance.now();
    else this.#act(key, event);
  }

  #isSecondOfSequence(key: string): boolean {
    const within = performance.now() - this.#afterG < sequenceMs && this.#afterG > 0;
    this.#afterG = 0;
    const page = within ? pages.find((each) => each.key === key) : undefined;
    if (page) route.go(page.name);
    return page !== undefined;
  }

  #act(key: string, event: KeyboardEvent): void {
    const { csv, step, open, back, window, search } = pageActions();
    if (key === 't') theme.toggle();
    else if (key === ' ' && !isPressable(event.target)) {
      event.preventDefault();
      pageClock.toggleHold();
    } else if (key === 'c' && csv) saveCsv(csv());
    else if (/^[1-4]$/.test(key)) window?.(Number(key) - 1);
    else if (key === 'j') step?.(1);
    else if (key === 'k') step?.(-1);
    else if (key === 'enter' && !isPressable(event.target)) open?.();
    else if (key === 'escape') back?.();
    else if (key === '/' && search) {
      event.preventDefault();
      search();
    }
  }
}

/** The page's keyboard. */
export const keyboard = new Keyboard();

// What a closed dialog held keeps the focus until the next frame, and gets the keys until then.
function isShown(target: EventTarget | null): target is HTMLElement {
  return target instanceof HTMLElement && target.checkVisibility();
}

function isTyping(target: EventTarget | null): boolean {
  return isShown(target) && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function isPressable(target: EventTarget | null): boolean {
  return isShown(target) && /^(BUTTON|A|SUMMARY)$/.test(target.tagName);
}
