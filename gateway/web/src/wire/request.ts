import { access } from './access.svelte';
import { asFailure, Failure, failureIn } from './failure';

const patienceMs = 10_000;

/** The JSON at a path of the gateway. Throws only Failure. */
export async function getJson(path: string): Promise<unknown> {
  return (await getAnswer(path, [])).json;
}

/** The JSON and status at a path; statuses in `alsoFine` are answers, not failures. */
export async function getAnswer(path: string, alsoFine: readonly number[]): Promise<{ status: number; json: unknown }> {
  try {
    const response = await access.fetch(path, {
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(patienceMs),
    });
    const body = await response.text();
    if (!response.ok && !alsoFine.includes(response.status)) {
      throw failureIn(body, new Failure(`HTTP ${response.status}`, `${path} was refused.`));
    }
    return { status: response.status, json: JSON.parse(body) as unknown };
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === 'TimeoutError') {
      throw new Failure('DEADLINE_EXCEEDED', `${path} took longer than 10 s.`);
    }
    if (thrown instanceof SyntaxError) throw new Failure('INTERNAL', `${path} did not answer with JSON.`);
    throw asFailure(thrown);
  }
}
