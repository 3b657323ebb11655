import { access } from './access.svelte';
import { asFailure, Failure, failureIn } from './failure';

const patienceMs = 10_000;

/** The JSON at a path of the gateway. Throws only Failure. */
export async function getJson(path: string): Promise<unknown> {
  return (await getAnswer(path, [])).json;
}

/** The JSON and status at a path; statuses in `alsoFine` are answers, not failures. */
export async function getAnswer(path: string, alsoFine: readonly number[]): Promise<{ status: number; json: unknown }> {
  return ask(path, alsoFine, { headers: { accept: 'application/json' } });
}

/** Sends the gateway a question or a change and answers with its JSON, waiting `forMs` at most. Throws only Failure. */
export async function send(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown, forMs = patienceMs): Promise<unknown> {
  const headers = { accept: 'application/json', 'content-type': 'application/json' };
  const content = body === undefined ? {} : { body: JSON.stringify(body) };
  return (await ask(path, [], { method, headers, ...content }, forMs)).json;
}

/** A path with the parameters that are not empty. */
export function withParameters(path: string, parameters: Readonly<Record<string, string | number | null>>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== null && value !== '');
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return given.length === 0 ? path : `${path}?${query}`;
}

async function ask(path: string, alsoFine: readonly number[], init: RequestInit, forMs = patienceMs): Promise<{ status: number; json: unknown }> {
  try {
    const response = await access.fetch(path, { ...init, signal: AbortSignal.timeout(forMs) });
    const body = await response.text();
    if (!response.ok && !alsoFine.includes(response.status)) {
      throw failureIn(body, new Failure(`HTTP ${response.status}`, `${path} was refused.`));
    }
    return { status: response.status, json: JSON.parse(body) as unknown };
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === 'TimeoutError') {
      throw new Failure('DEADLINE_EXCEEDED', `${path} took longer than ${forMs / 1000} s.`);
    }
    if (thrown instanceof SyntaxError) throw new Failure('INTERNAL', `${path} did not answer with JSON.`);
    throw asFailure(thrown);
  }
}
