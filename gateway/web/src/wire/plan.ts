import { fieldsOf, instantOf, listOf, numberOf, optionalNumberOf, textOf, type Fields } from './fields';

/** The account of one side of a plan. */
export interface PlanSide {
  readonly trades: number;
  readonly profitUsd: number;
  /** Null without trades. */
  readonly maxDrawdownPercent: number | null;
}

/** What a change of a play makes different over recorded events. */
export interface Plan {
  readonly from: number | null;
  readonly to: number | null;
  /** Where the log begins, when that is later than what was asked for. */
  readonly beginsLate: number | null;
  readonly events: number;
  readonly addedCount: number;
  readonly removedCount: number;
  readonly changedCount: number;
  /** The first 100 of each, by the ids of their decisions. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  /** The first 20 decisions with another verdict or reason, a line each. */
  readonly decisions: readonly string[];
  readonly profitUsd: number;
  /** Half the width of the 95 % interval; null for fewer than two positions that differ. */
  readonly uncertaintyUsd: number | null;
  readonly before: PlanSide;
  readonly after: PlanSide;
}

/** Reads POST /plays/{id}/plan. */
export function readPlan(json: unknown): Plan {
  const fields = fieldsOf(json);
  return {
    from: instantOf(fields, 'from'),
    to: instantOf(fields, 'to'),
    beginsLate: instantOf(fields, 'beginsLate'),
    events: numberOf(fields, 'events'),
    addedCount: numberOf(fields, 'addedCount'),
    removedCount: numberOf(fields, 'removedCount'),
    changedCount: numberOf(fields, 'changedCount'),
    added: listOf(fields, 'added').map(String),
    removed: listOf(fields, 'removed').map(String),
    changed: listOf(fields, 'changed').map(String),
    decisions: listOf(fields, 'decisions').map(String),
    profitUsd: numberOf(fields, 'profitUsd'),
    uncertaintyUsd: optionalNumberOf(fields, 'profitUncertaintyUsd'),
    before: readSide(fieldsOf(fields['before'])),
    after: readSide(fieldsOf(fields['after'])),
  };
}

/** The line of a decision as its id and what becomes of it; the line itself where it has no id. */
export function decisionLine(line: string): { readonly id: string; readonly change: string } {
  const colon = line.indexOf(': ');
  return colon < 0 ? { id: '', change: line } : { id: line.slice(0, colon), change: line.slice(colon + 2) };
}

function readSide(fields: Fields): PlanSide {
  return { trades: numberOf(fields, 'trades'), profitUsd: numberOf(fields, 'profitUsd'), maxDrawdownPercent: optionalNumberOf(fields, 'maxDrawdownPercent') };
}

/** What a plan is asked: the play as it would be, over this stretch of event time. */
export function planRequest(play: Fields, from: number, to: number | null): object {
  const until = to === null ? {} : { to: new Date(to).toISOString() };
  return { play, from: new Date(from).toISOString(), ...until };
}

/** The id under which a play without one is asked about: as the engine makes it of the name. */
export function idOf(play: Fields): string {
  const made = textOf(play, 'name').toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-|-$/g, '').slice(0, 40).replace(/-$/, '');
  return textOf(play, 'id') || made || 'new-play';
}
