import type { Attachment } from 'svelte/attachments';

const longestRateMs = 1000;

/** Washes a cell when what `value` returns has changed, at most once a second. */
export function wash(value: () => unknown): Attachment<HTMLElement> {
  let before = value();
  let washedAt = 0;
  return (element) => {
    const now = value();
    if (now === before) return;
    before = now;
    if (performance.now() - washedAt < longestRateMs) return;
    washedAt = performance.now();
    element.classList.remove('washed');
    void element.offsetWidth;
    element.classList.add('washed');
  };
}
