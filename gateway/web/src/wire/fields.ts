/** A JSON object as it came, not yet trusted. */
export type Fields = Readonly<Record<string, unknown>>;

/** The object, or an empty one when the JSON is something else. */
export function fieldsOf(json: unknown): Fields {
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Fields) : {};
}

/** The list under `name`, empty when it is absent. */
export function listOf(fields: Fields, name: string): readonly unknown[] {
  const value = fields[name];
  return Array.isArray(value) ? value : [];
}

/** The text under `name`, "" when it is absent. */
export function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : '';
}

/** The number under `name`, 0 when it is absent; 64-bit numbers come as text. */
export function numberOf(fields: Fields, name: string): number {
  return optionalNumberOf(fields, name) ?? 0;
}

/** The number under `name`, null when it is absent or not a number. */
export function optionalNumberOf(fields: Fields, name: string): number | null {
  const value = fields[name];
  if (value === undefined || value === null || value === '') return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** The flag under `name`, false when it is absent. */
export function flagOf(fields: Fields, name: string): boolean {
  return fields[name] === true;
}

/** The instant under `name` in milliseconds, null when it is absent or unreadable. */
export function instantOf(fields: Fields, name: string): number | null {
  const value = fields[name];
  if (typeof value === 'number') return value > 1e14 ? value / 1000 : value;
  return typeof value === 'string' ? parseInstant(value) : null;
}

/** Reads RFC 3339, and the SQL form "2026-01-06 14:32:06.1" as UTC. */
export function parseInstant(text: string): number | null {
  if (text === '') return null;
  const joined = text.replace(' ', 'T');
  const zoned = /(Z|[+-]\d\d(:?\d\d)?)$/i.test(joined) ? joined.replace(/([+-]\d\d)$/, '$1:00') : `${joined}Z`;
  const instant = Date.parse(zoned);
  return Number.isNaN(instant) ? null : instant;
}

/** An enum's name without its type: enumName("STATE_LIVE", "STATE_") is "LIVE". */
export function enumName(fields: Fields, name: string, prefix: string): string {
  const value = textOf(fields, name);
  return value.startsWith(prefix) ? value.slice(prefix.length) : value;
}
