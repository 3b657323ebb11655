/** A question that was asked in this browser. */
export interface Asked {
  readonly target: string;
  readonly sql: string;
  /** When, by the browser's clock, in milliseconds. */
  readonly at: number;
}

/** How many questions are kept. */
export const mostKept = 50;

/** The questions in a stored text, newest first; what cannot be read is left out. */
export function readHistory(text: string | null): Asked[] {
  try {
    const stored: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(stored) ? stored.filter(isAsked).slice(0, mostKept) : [];
  } catch {
    return [];
  }
}

/** The history with this question first; the same one is not kept twice. */
export function withAsked(history: readonly Asked[], asked: Asked): Asked[] {
  const others = history.filter((each) => each.sql !== asked.sql || each.target !== asked.target);
  return [asked, ...others].slice(0, mostKept);
}

function isAsked(value: unknown): value is Asked {
  if (typeof value !== 'object' || value === null) return false;
  const asked = value as Record<string, unknown>;
  return typeof asked['target'] === 'string' && typeof asked['sql'] === 'string' && typeof asked['at'] === 'number';
}
