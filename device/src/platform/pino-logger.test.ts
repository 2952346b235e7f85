import { FeederError } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { createPinoLogger, type LogLevel } from './pino-logger.ts';

function recorder(level: LogLevel) {
  const lines: string[] = [];
  const log = createPinoLogger({ level, destination: { write: (line) => lines.push(line) } });
  return { log, lines };
}

describe('A-50, B-40 createPinoLogger', () => {
  it('writes one JSON object a line with level, time and sentence', () => {
    const { log, lines } = recorder('info');
    log.info({ component: 'scheduler' }, 'The plan has four meals.');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      component: 'scheduler',
      msg: 'The plan has four meals.',
    });
  });

  it('FMEA-84 masks secrets, also inside', () => {
    const { log, lines } = recorder('debug');
    log.debug({ password: 'canary1', request: { headers: { cookie: 'canary2' } } }, 'In.');
    log.error({ session: { token: 'canary3' }, headers: { 'set-cookie': 'canary4' } }, 'Out.');
    expect(lines.join('')).not.toContain('canary');
    expect(lines.join('')).toContain('***');
  });

  it('tells code and cause of an error', () => {
    const { log, lines } = recorder('info');
    const cause = new Error('disk full');
    log.error({ error: new FeederError('ERR_STORAGE', { cause }) }, 'The claim was not written.');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      error: { code: 'ERR_STORAGE', cause: { message: 'disk full' } },
    });
  });

  it('changes its level while it runs', () => {
    const { log, lines } = recorder('warn');
    log.info({}, 'Not yet.');
    log.setLevel('debug');
    log.debug({}, 'Now.');
    expect(lines).toHaveLength(1);
  });
});
