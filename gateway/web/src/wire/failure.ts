import { fieldsOf, textOf } from './fields';

const codeNames: Readonly<Record<string, string>> = {
  '1': 'CANCELLED', '2': 'UNKNOWN', '3': 'INVALID_ARGUMENT', '4': 'DEADLINE_EXCEEDED', '5': 'NOT_FOUND',
  '7': 'PERMISSION_DENIED', '8': 'RESOURCE_EXHAUSTED', '9': 'FAILED_PRECONDITION', '11': 'OUT_OF_RANGE',
  '12': 'UNIMPLEMENTED', '13': 'INTERNAL', '14': 'UNAVAILABLE', '16': 'UNAUTHENTICATED',
};

/** What went wrong with a request, in the server's words where it had any. */
export class Failure extends Error {
  /** gRPC's name of the code, such as UNAVAILABLE. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'Failure';
    this.code = code;
  }
}

/** The failure in an error body {"code","message"}; `otherwise` stands in for what it lacks. */
export function failureIn(body: string, otherwise: Failure): Failure {
  try {
    const fields = fieldsOf(JSON.parse(body));
    const code = textOf(fields, 'code');
    return new Failure(codeNames[code] ?? (code || otherwise.code), textOf(fields, 'message') || otherwise.message);
  } catch {
    return otherwise;
  }
}

/** Any thrown thing as a failure; a broken connection is UNAVAILABLE. */
export function asFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  return new Failure('UNAVAILABLE', 'The gateway does not answer.');
}
