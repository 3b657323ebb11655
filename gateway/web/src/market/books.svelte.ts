import { asFailure, type Failure } from '../wire/failure';
import { fieldsOf, type Fields } from '../wire/fields';
import { readBook, readBookRow, type Book } from '../wire/book';
import { getJson } from '../wire/request';
import { rowsOf } from '../wire/wallet';

/** The symbol whose books the page shows. */
export const bookSymbol = 'SOLUSDT';

/** The newest book of each venue. Snapshots come ten times a second: only those that are painted are read. */
export class Books {
  /** By venue, in alphabetical order. */
  shown = $state.raw<readonly Book[]>([]);
  /** Why a venue's book was thrown away, until its next snapshot. */
  unusable = $state.raw<ReadonlyMap<string, string>>(new Map());
  loaded = $state(false);
  failure = $state.raw<Failure | undefined>();
  readonly #unread = new Map<string, string>();

  /** Fetches the last snapshots, for the first paint. */
  async load(): Promise<void> {
    try {
      const rows = rowsOf(await getJson('/latest/order_book_snapshots?limit=20'));
      const books = rows.flatMap((row) => readBookRow(row) ?? []).filter((book) => book.symbol === bookSymbol);
      for (const book of books.reverse()) this.#show(book);
      this.loaded = true;
      this.failure = undefined;
    } catch (thrown) {
      this.failure = asFailure(thrown);
    }
  }

  /** Keeps a snapshot of the stream unread until the next paint; false when the text is not one. */
  keep(text: string): boolean {
    if (!/"book"\s*:\s*\{/.test(text)) return false;
    if (!text.includes(`"${bookSymbol}"`)) return true;
    const venue = /"VENUE_(\w+)"/.exec(text)?.[1] ?? '';
    this.#unread.set(venue, text);
    return true;
  }

  /** Shows the newest snapshots. */
  paint(): void {
    for (const text of this.#unread.values()) {
      const event = fieldsOf(fieldsOf(JSON.parse(text))['event']);
      const book = readBook(event['book'], event);
      if (!book) continue;
      this.#show(book);
      this.#usable(book.venue);
    }
    this.#unread.clear();
  }

  /** Takes in that a book was thrown away. */
  resync(event: Fields, reason: string): void {
    const source = String(event['source'] ?? '').replace('SOURCE_', '');
    const venues = this.shown.map((book) => book.venue);
    const marked = new Map(this.unusable);
    for (const venue of venues.includes(source) ? [source] : venues) marked.set(venue, reason);
    this.unusable = marked;
  }

  /** Forgets everything, for another log. */
  clear(): void {
    this.#unread.clear();
    this.shown = [];
    this.loaded = false;
  }

  #show(book: Book): void {
    const others = this.shown.filter((shown) => shown.venue !== book.venue);
    this.shown = [...others, book].sort((left, right) => left.venue.localeCompare(right.venue));
  }

  #usable(venue: string): void {
    if (!this.unusable.has(venue)) return;
    const marked = new Map(this.unusable);
    marked.delete(venue);
    this.unusable = marked;
  }
}
