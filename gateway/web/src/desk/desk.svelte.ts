import { Connection } from '../live/connection.svelte';
import { Repaint } from '../live/repaint';
import { Resource } from '../live/resource.svelte';
import { readAccount, type Account } from '../wire/account';
import { fieldsOf } from '../wire/fields';
import { readPlays, type Play } from '../wire/play';
import { getJson } from '../wire/request';
import { Positions } from './positions.svelte';

const accountEveryMs = 2000;
const playsEveryMs = 10_000;
const positionsEveryMs = 60_000;
const streamPath = '/stream/trading';

/** The paper desk: its account, plays, positions, and the stream that says when they change. */
class Desk {
  readonly account = new Resource<Account>(async () => readAccount(await getJson('/account')));
  readonly plays = new Resource<readonly Play[]>(async () => readPlays(await getJson('/plays')));
  readonly positions = new Positions();
  /** Grows with every decision of the stream, at most four times a second. */
  decisionsSeen = $state(0);
  #decided = 0;
  readonly #connection = new Connection({
    name: 'Trading stream',
    resumes: false,
    onMessage: (data) => this.#take(data),
    onFresh: () => void this.positions.load(),
  });
  readonly #repaint = new Repaint(() => {
    this.positions.paint();
    this.decisionsSeen = this.#decided;
  });

  /** Keeps account and plays fresh until the returned function is called. */
  run(): () => void {
    const stops = [this.account.poll(accountEveryMs), this.plays.poll(playsEveryMs)];
    return () => stops.forEach((stop) => stop());
  }

  /** Follows positions and decisions until the returned function is called. */
  follow(): () => void {
    const stops = [this.#repaint.run(), this.#connection.follow(streamPath)];
    const timer = setInterval(() => {
      if (!document.hidden) void this.positions.load();
    }, positionsEveryMs);
    return () => {
      clearInterval(timer);
      stops.forEach((stop) => stop());
    };
  }

  /** A play's name, its id when it is not known. */
  playName(id: string): string {
    return this.plays.value?.find((play) => play.id === id)?.name || id;
  }

  #take(data: string): void {
    const message = fieldsOf(JSON.parse(data));
    if ('position' in message) this.positions.add(message['position']);
    else if ('decision' in message) this.#decided += 1;
    else return;
    this.#repaint.due();
  }
}

/** The page's one view of the paper desk. */
export const desk = new Desk();
