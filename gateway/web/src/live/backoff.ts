const firstMs = 500;
const longestMs = 15_000;

/**
 * How long to wait before retry number `attempt` (1 for the first). It doubles up to 15 s; half of it is
 * random, so that many pages do not come back at one instant. `random` is in [0, 1).
 */
export function retryDelay(attempt: number, random: number): number {
  const ceiling = Math.min(longestMs, firstMs * 2 ** Math.max(0, attempt - 1));
  return Math.round(ceiling / 2 + (ceiling / 2) * random);
}
