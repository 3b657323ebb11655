import type { Path } from './play_draft';

/** One input of the form. */
export interface PlayField {
  readonly path: Path;
  /** As the server's messages spell it. */
  readonly name: string;
  readonly label: string;
  readonly kind: 'text' | 'long' | 'number' | 'choice' | 'switch' | 'list';
  /** Unit, or what an empty input means. */
  readonly hint: string;
  readonly choices?: readonly (readonly [value: string, label: string])[];
}

/** Inputs under one heading. */
export interface FieldGroup {
  readonly title: string;
  readonly fields: readonly PlayField[];
}

/** The form, in the order in which a play acts. The exit's tiers have tables of their own. */
export const fieldGroups: readonly FieldGroup[] = [
  {
    title: 'Play',
    fields: [
      { path: ['name'], name: 'name', label: 'Name', kind: 'text', hint: '60 characters at most' },
      { path: ['description'], name: 'description', label: 'Description', kind: 'text', hint: '' },
      { path: ['active'], name: 'active', label: 'Active', kind: 'switch', hint: 'may enter' },
      {
        path: ['direction'], name: 'direction', label: 'Side', kind: 'choice', hint: '',
        choices: [['POSITION_SIDE_LONG', 'long'], ['POSITION_SIDE_SHORT', 'short']],
      },
      { path: ['sizeUsd'], name: 'size_usd', label: 'Size', kind: 'number', hint: 'USD a position, 100 when empty' },
    ],
  },
  {
    title: 'Wallets',
    fields: [
      { path: ['wallets', 'sql'], name: 'wallets.sql', label: 'Query', kind: 'long', hint: 'a SELECT with a column wallet_address' },
      { path: ['wallets', 'addresses'], name: 'wallets.addresses', label: 'Or addresses', kind: 'list', hint: 'one a line, instead of a query' },
      { path: ['wallets', 'cacheSeconds'], name: 'wallets.cache_seconds', label: 'List is good for', kind: 'number', hint: 's, 60 when empty' },
    ],
  },
  {
    title: 'Entry',
    fields: [
      { path: ['maxEntriesPerCycle'], name: 'max_entries_per_cycle', label: 'Entries a cycle', kind: 'number', hint: 'positions, 1 when empty' },
      {
        path: ['perpMode'], name: 'perp_mode', label: 'Wallet’s perpetual', kind: 'choice', hint: '',
        choices: [['PERP_MODE_ANY', 'any'], ['PERP_MODE_LONG_ONLY', 'long only'], ['PERP_MODE_SHORT_ONLY', 'short only']],
      },
      { path: ['sourceMinUsd'], name: 'source_min_usd', label: 'Trade at least', kind: 'number', hint: 'USD, any when empty' },
      { path: ['sourceMaxUsd'], name: 'source_max_usd', label: 'Trade at most', kind: 'number', hint: 'USD, any when empty' },
      { path: ['bundle', 'wallets'], name: 'bundle.wallets', label: 'Bundle of', kind: 'number', hint: 'wallets, no bundle when empty' },
      { path: ['bundle', 'seconds'], name: 'bundle.seconds', label: 'Bundle within', kind: 'number', hint: 's' },
      {
        path: ['timing', 'direction'], name: 'timing.direction', label: 'Price has', kind: 'choice', hint: '',
        choices: [['', 'done anything'], ['DIRECTION_INCREASE', 'risen'], ['DIRECTION_DECREASE', 'fallen']],
      },
      { path: ['timing', 'changePercent'], name: 'timing.change_percent', label: 'By at least', kind: 'number', hint: '%' },
      { path: ['timing', 'windowSeconds'], name: 'timing.window_seconds', label: 'Within', kind: 'number', hint: 's' },
      { path: ['validator', 'projectIds'], name: 'validator.project_ids', label: 'Filter projects', kind: 'list', hint: 'one id a line; none when empty' },
      { path: ['autoUpdate'], name: 'auto_update', label: 'Automatic filters', kind: 'switch', hint: 'may replace the projects' },
    ],
  },
  {
    title: 'Exit',
    fields: [
      {
        path: ['exit', 'algorithm'], name: 'exit.algorithm', label: 'Rule', kind: 'choice', hint: '',
        choices: [['ALGORITHM_DUAL_CHECK', 'stop and trailing stop'], ['ALGORITHM_LOCKED', 'one tolerance that only tightens']],
      },
      { path: ['exit', 'minimumHoldSeconds'], name: 'exit.minimum_hold_seconds', label: 'Hold at least', kind: 'number', hint: 's, 0 when empty' },
      { path: ['exit', 'maximumHoldSeconds'], name: 'exit.maximum_hold_seconds', label: 'Hold at most', kind: 'number', hint: 's, no limit when empty' },
      { path: ['exit', 'mirror'], name: 'exit.mirror', label: 'Leave with the wallet', kind: 'switch', hint: 'when it sells' },
    ],
  },
];

/** The names by which the server's messages may call a part of the form. */
export const fieldNames: readonly string[] = [
  'id', 'wallets', 'exit.decreases', 'exit.increases', ...fieldGroups.flatMap((group) => group.fields.map((field) => field.name)),
];
