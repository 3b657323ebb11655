import { describe, expect, it } from 'vitest';
import { SseParser } from './sse_parser';

describe('SseParser', () => {
  it('joins messages that arrive in pieces', () => {
    const parser = new SseParser();
    expect(parser.push('id: 7\nda')).toEqual([]);
    expect(parser.push('ta: {"a":1}\n\nid: 8\n')).toEqual([{ event: 'message', data: '{"a":1}', id: '7' }]);
    expect(parser.push('data: 2\r\n\r\n')).toEqual([{ event: 'message', data: '2', id: '8' }]);
  });

  it('skips comments and events without data', () => {
    const parser = new SseParser();
    expect(parser.push(': keep-alive\n\nevent: ping\n\n')).toEqual([]);
  });

  it('names the event of an error', () => {
    const parser = new SseParser();
    const [message] = parser.push('event: error\ndata: {"code":11,"message":"gone"}\n\n');
    expect(message).toEqual({ event: 'error', data: '{"code":11,"message":"gone"}', id: '' });
  });

  it('joins several data lines', () => {
    expect(new SseParser().push('data: a\ndata: b\n\n')[0]?.data).toBe('a\nb');
  });
});
