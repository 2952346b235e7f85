import { FeederError } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { createPinoLogger } from './pino-logger.ts';
import { terminalLine } from './terminal-line.ts';

function shown(write: (log: ReturnType<typeof createPinoLogger>) => void): string {
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(terminalLine(line)) };
  write(createPinoLogger({ level: 'debug', destination }));
  return lines.join('');
}

describe('a line of the log on a terminal', () => {
  it('is a sentence with its time', () => {
    const line = shown((log) => log.info({ url: 'x' }, 'The feeder is at http://127.0.0.1:8480'));
    expect(line).toMatch(/^\d\d:\d\d:\d\d The feeder is at http:\/\/127\.0\.0\.1:8480\n$/);
  });

  it('says how bad it is, and where a failure that nobody foresaw comes from', () => {
    const error = new FeederError('ERR_INTERNAL');
    const text = shown((log) => log.error({ error }, 'The daemon ends.'));
    expect(text).toContain('error: The daemon ends.\n');
    expect(text).toContain('terminal-line.test.ts');
  });

  it('cannot move the cursor', () => {
    expect(shown((log) => log.warn({}, 'a\u001b[2Jb'))).toContain('a\ufffd[2Jb');
  });
});
