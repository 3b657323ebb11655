import { fieldsOf, instantOf, listOf, numberOf, optionalNumberOf, textOf } from './fields';

/** One feature before a decision: a value for each full minute, newest first, or one alone. */
export interface TrailFeature {
  readonly name: string;
  /** By full minutes before the decision; null where it could not be computed. */
  readonly values: readonly (number | null)[];
}

/** The features at the decision that led to a position. */
export interface Trail {
  /** The end of minute 0. */
  readonly alignedTo: number | null;
  readonly features: readonly TrailFeature[];
}

/** Reads GET /trail/buyin/{id}. */
export function readTrail(json: unknown): Trail {
  const fields = fieldsOf(json);
  const byName = new Map<string, (number | null)[]>();
  for (const each of listOf(fields, 'values')) {
    const value = fieldsOf(each);
    const values = byName.get(textOf(value, 'feature')) ?? [];
    values[numberOf(value, 'minute')] = optionalNumberOf(value, 'value');
    byName.set(textOf(value, 'feature'), values);
  }
  const features = [...byName].map(([name, values]) => ({ name, values: Array.from(values, (value) => value ?? null) }));
  return { alignedTo: instantOf(fields, 'alignedTo'), features };
}
