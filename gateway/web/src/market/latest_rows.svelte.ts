import { asFailure, type Failure } from '../wire/failure';
import { getJson } from '../wire/request';
import { rowsOf } from '../wire/wallet';

const keptRows = 100;

/** What a row of a table must have to be ordered and told apart. */
export interface LatestRow {
  readonly seq: number;
  readonly eventTime: number;
}

/** The newest rows of a table of the hot store, newest first, appended to by the stream. */
export class LatestRows<Row extends LatestRow> {
  rows = $state.raw<readonly Row[]>([]);
  loaded = $state(false);
  failure = $state.raw<Failure | undefined>();
  readonly #path: string;
  readonly #read: (row: unknown) => Row | null;
  #arrived: Row[] = [];
  #loading = false;

  constructor(path: string, read: (row: unknown) => Row | null) {
    this.#path = path;
    this.#read = read;
  }

  /** Fetches the newest rows; rows that arrive meanwhile are kept. */
  async load(): Promise<void> {
    this.#loading = true;
    try {
      this.rows = rowsOf(await getJson(this.#path)).flatMap((row) => this.#read(row) ?? []);
      this.loaded = true;
      this.failure = undefined;
    } catch (thrown) {
      this.failure = asFailure(thrown);
    }
    this.#loading = false;
    this.paint();
  }

  /** Takes in a row of the stream; it shows at the next `paint`. */
  add(row: Row | null): void {
    if (row) this.#arrived.push(row);
    if (this.#arrived.length > keptRows) this.#arrived.shift();
  }

  /** Shows what has arrived. */
  paint(): void {
    if (this.#loading || this.#arrived.length === 0) return;
    const known = new Set(this.rows.map((row) => row.seq));
    const fresh = this.#arrived.filter((row) => !known.has(row.seq)).reverse();
    this.#arrived = [];
    if (fresh.length > 0) this.rows = [...fresh, ...this.rows].slice(0, keptRows);
  }

  /** Forgets everything, for another log. */
  clear(): void {
    this.#arrived = [];
    this.rows = [];
    this.loaded = false;
  }
}
