import { readAnswer, type QueryAnswer } from './query';
import { send } from './request';

/** Asks one SELECT of a path, and of a target where it has several. Throws only Failure, in the engine's words. */
export async function ask(path: string, target: string | null, sql: string): Promise<QueryAnswer> {
  return readAnswer(await send('POST', path, target === null ? { sql } : { sql, target }));
}
