import { asFailure, type Failure } from '../wire/failure';
import { readPosition, readPositions, type Position } from '../wire/position';
import { getJson, withParameters } from '../wire/request';
import { isOpen } from './mark';

const pageSize = 1000;
const mostPages = 5;

/** The positions of the paper account, newest first: fetched once, then changed by the stream. */
export class Positions {
  all = $state.raw<readonly Position[]>([]);
  loaded = $state(false);
  /** True when there are older ones than were fetched. */
  cut = $state(false);
  failure = $state.raw<Failure | undefined>();
  readonly open: readonly Position[] = $derived(this.all.filter(isOpen));
  readonly closed: readonly Position[] = $derived(this.all.filter((position) => position.state === 'CLOSED'));
  #arrived = new Map<string, Position>();
  #loading: Promise<void> | null = null;

  /** Fetches them; changes that arrive meanwhile are kept. */
  load(): Promise<void> {
    this.#loading ??= this.#fetch().finally(() => {
      this.#loading = null;
      this.paint();
    });
    return this.#loading;
  }

  /** Takes in a position of the stream; it shows at the next `paint`. */
  add(json: unknown): void {
    const position = readPosition(json);
    this.#arrived.set(position.id, position);
  }

  /** Shows what has arrived. */
  paint(): void {
    if (this.#loading || this.#arrived.size === 0) return;
    const arrived = this.#arrived;
    this.#arrived = new Map();
    const known = new Set(this.all.map((position) => position.id));
    const fresh = [...arrived.values()].filter((position) => !known.has(position.id)).reverse();
    this.all = [...fresh, ...this.all.map((position) => arrived.get(position.id) ?? position)];
  }

  /** The position of this id, undefined when it is not among those fetched. */
  find(id: string): Position | undefined {
    return this.all.find((position) => position.id === id);
  }

  async #fetch(): Promise<void> {
    try {
      const found: Position[] = [];
      let token = '';
      for (let page = 0; page < mostPages; page += 1) {
        const answer = readPositions(await getJson(withParameters('/buyins', { limit: pageSize, page_token: token })));
        found.push(...answer.positions);
        token = answer.positions.length < pageSize ? '' : answer.nextPage;
        if (token === '') break;
      }
      this.all = found;
      this.cut = token !== '';
      this.loaded = true;
      this.failure = undefined;
    } catch (thrown) {
      this.failure = asFailure(thrown);
    }
  }
}
