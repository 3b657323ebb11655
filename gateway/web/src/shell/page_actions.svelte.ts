import type { CsvTable } from '../table/csv';

/** What single keys do on the page that is shown; what a page cannot do is left out. */
export interface PageActions {
  readonly csv?: () => CsvTable;
  /** J and K: the next or the previous row. */
  readonly step?: (by: 1 | -1) => void;
  /** Enter: opens the row. */
  readonly open?: () => void;
  /** Esc: goes back. */
  readonly back?: () => void;
  /** 1 to 4: the window of this index. */
  readonly window?: (index: number) => void;
  /** /: puts the cursor into the search. */
  readonly search?: () => void;
}

let current: PageActions = {};

/** Lets single keys act on a page until the returned function is called. Call it in an effect. */
export function actOn(actions: PageActions): () => void {
  current = actions;
  return () => {
    if (current === actions) current = {};
  };
}

/** What single keys do now. */
export function pageActions(): PageActions {
  return current;
}
