import { enumName, fieldsOf, listOf, numberOf, optionalNumberOf, textOf, type Fields } from './fields';

/** A mean in percent after costs, with its 95 % interval; the ends are null when too little is known. */
export interface GainEstimate {
  readonly meanPercent: number;
  readonly lowPercent: number | null;
  readonly highPercent: number | null;
}

/** What a gate of a play saved or cost. */
export interface GateAttribution {
  readonly playId: string;
  readonly gate: string;
  /** Would-have-been entries that were followed to their end, and the cycles they fell in. */
  readonly shadows: number;
  readonly cycles: number;
  readonly rejected: GainEstimate | null;
  /** What was turned away less what entered: below zero the gate saved. Null without anything to compare. */
  readonly difference: GainEstimate | null;
  readonly verdict: 'SAVED' | 'COST' | 'OPEN';
}

/** Reads GET /gates/attribution. */
export function readAttribution(json: unknown): GateAttribution[] {
  return listOf(fieldsOf(json), 'gates').map((each) => {
    const fields = fieldsOf(each);
    const verdict = enumName(fields, 'verdict', 'VERDICT_');
    return {
      playId: textOf(fields, 'playId'),
      gate: enumName(fields, 'gate', 'GATE_'),
      shadows: numberOf(fields, 'shadows'),
      cycles: numberOf(fields, 'cycles'),
      rejected: readEstimate(fields, 'rejected'),
      difference: readEstimate(fields, 'difference'),
      verdict: verdict === 'SAVED' || verdict === 'COST' ? verdict : 'OPEN',
    };
  });
}

function readEstimate(of: Fields, name: string): GainEstimate | null {
  if (!(name in of)) return null;
  const fields = fieldsOf(of[name]);
  return {
    meanPercent: numberOf(fields, 'meanPercent'),
    lowPercent: optionalNumberOf(fields, 'lowPercent'),
    highPercent: optionalNumberOf(fields, 'highPercent'),
  };
}
