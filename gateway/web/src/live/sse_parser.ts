/** One message of a server-sent event stream. */
export interface SseMessage {
  readonly event: string;
  readonly data: string;
  readonly id: string;
}

/** Cuts a server-sent event stream into messages, however the bytes were split on their way. */
export class SseParser {
  #rest = '';
  #data: string[] = [];
  #event = '';
  #id = '';

  /** The messages completed by this piece of text. Ids persist until the stream names another. */
  push(text: string): SseMessage[] {
    const complete: SseMessage[] = [];
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line.endsWith('\r') ? line.slice(0, -1) : line, complete);
    return complete;
  }

  #line(line: string, complete: SseMessage[]): void {
    if (line === '') {
      if (this.#data.length > 0) {
        complete.push({ event: this.#event || 'message', data: this.#data.join('\n'), id: this.#id });
      }
      this.#data = [];
      this.#event = '';
      return;
    }
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (name === 'data') this.#data.push(value);
    if (name === 'event') this.#event = value;
    if (name === 'id') this.#id = value;
  }
}
