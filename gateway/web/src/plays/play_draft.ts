import type { Fields } from '../wire/fields';

/** The way to a value inside a play's JSON. */
export type Path = readonly string[];

/** A play's JSON as it is edited. */
export type Draft = Fields;

const setByEngine = ['version', 'changedAt', 'projectIds'];

/** Parts that are either whole or absent: empty, they are left out. */
const wholeOrAbsent = ['bundle', 'timing', 'validator'];

/** What of a play can be edited: without what the engine sets, and what is only there for the original's names. */
export function editable(document: Fields): Draft {
  return Object.fromEntries(Object.entries(document).filter(([name]) => !setByEngine.includes(name)));
}

/** A new play: inactive, following what gained most often, with a stop and a trailing stop. */
export function newDraft(): Draft {
  return {
    name: '',
    description: '',
    active: false,
    direction: 'POSITION_SIDE_LONG',
    wallets: { sql: 'SELECT wallet_address FROM wallet_profiles GROUP BY wallet_address HAVING count(*) >= 20', cacheSeconds: 60 },
    maxEntriesPerCycle: 1,
    perpMode: 'PERP_MODE_ANY',
    sizeUsd: 100,
    exit: {
      algorithm: 'ALGORITHM_DUAL_CHECK',
      decreases: [{ from: -1, to: 0, tolerance: 0.002 }],
      increases: [{ from: 0, to: 1, tolerance: 0.003 }],
    },
  };
}

/** The value at a path, undefined when there is none. */
export function valueAt(draft: Draft, path: Path): unknown {
  return path.reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), draft);
}

/** The draft with this value at a path; without it when the value is undefined. The draft itself stays. */
export function withValue(draft: Draft, path: Path, value: unknown): Draft {
  const [name, ...rest] = path;
  if (name === undefined) return draft;
  const inner = draft[name];
  const next = rest.length === 0 ? value : withValue(isObject(inner) ? inner : {}, rest, value);
  const others = Object.fromEntries(Object.entries(draft).filter(([key]) => key !== name));
  if (next === undefined || (wholeOrAbsent.includes(name) && isObject(next) && Object.keys(next).length === 0)) return others;
  return name in draft ? Object.fromEntries(Object.entries(draft).map(([key, old]) => [key, key === name ? next : old])) : { ...draft, [name]: next };
}

/** The JSON of a draft as it is shown. */
export function draftText(draft: Draft): string {
  return JSON.stringify(draft, null, 2);
}

/** The draft in this text; throws an Error that says what is wrong with it. */
export function parseDraft(text: string): Draft {
  const json: unknown = JSON.parse(text);
  if (!isObject(json)) throw new Error('A play is an object in braces.');
  return json;
}

/** The field that a message of the server names, such as "exit.decreases"; "" when it names none of these. */
export function culpritOf(message: string, names: readonly string[]): string {
  const said = message.replace(/^(play|the play)[.\s]+/i, '');
  const fits = names.filter((name) => new RegExp(`(^|[\\s"'(])${name.replaceAll('.', '\\.')}(?![a-z_])`).test(said));
  return fits.sort((left, right) => said.indexOf(left) - said.indexOf(right) || right.length - left.length)[0] ?? '';
}

/** The names of top-level parts that differ between two versions of a play. */
export function changedParts(older: Fields, newer: Fields): string[] {
  const names = new Set([...Object.keys(editable(older)), ...Object.keys(editable(newer))]);
  return [...names].filter((name) => JSON.stringify(older[name]) !== JSON.stringify(newer[name])).sort();
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
