import { readAnswer, type QueryAnswer } from './query';
import { send } from './request';

/** Asks one SELECT of a path and target. Throws only Failure, in the engine's words. */
export async function ask(path: string, target: string, sql: string): Promise<QueryAnswer> {
  return readAnswer(await send('POST', path, { sql, target }));
}
