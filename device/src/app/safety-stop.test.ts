import { FeederError } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../platform/logger.ts';
import { VirtualClock } from '../platform/virtual-clock.ts';
import { exitCodeFor, lastWords } from './exit-codes.ts';
import { SafetyStop } from './safety-stop.ts';

/** A process that writes down, in order, what happens to the motor, the log and itself. */
function makeSafetyStop() {
  const clock = new VirtualClock();
  const happened: string[] = [];
  const listeners = new Map<string, (value: unknown) => void>();
  const note = (level: string) => () => happened.push(level);
  const safetyStop = new SafetyStop({
    clock,
    log: {
      debug: note('log'),
      info: note('log'),
      warn: note('log'),
      error: note('log'),
      flush: note('flush'),
    },
    process: {
      on: (event, listener) => listeners.set(event, listener),
      off: (event) => listeners.delete(event),
      exit: (code) => happened.push(`exit ${code}`),
    },
  });
  safetyStop.guardMotor(note('motor off'));
  return {
    clock,
    happened,
    safetyStop,
    emit: (event: string, value?: unknown) => listeners.get(event)?.(value),
    listening: () => listeners.size,
  };
}

const settle = async () => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

describe('B-38 SafetyStop', () => {
  it.each(['uncaughtException', 'unhandledRejection'])(
    'I3 %s turns the motor off before anything else, then exits 70',
    (event) => {
      const { happened, emit } = makeSafetyStop();
      emit(event, new Error('bug'));
      expect(happened).toEqual(['motor off', 'log', 'flush', 'exit 70']);
    },
  );

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'])(
    'FMEA-10 %s turns the motor off, stops the parts, then exits 0',
    async (signal) => {
      const { happened, emit, safetyStop } = makeSafetyStop();
      safetyStop.stopWith(async () => {
        happened.push('parts stopped');
      });
      emit(signal);
      expect(safetyStop.signal.aborted).toBe(true);
      await settle();
      expect(happened).toEqual(['motor off', 'log', 'parts stopped', 'flush', 'exit 0']);
    },
  );

  it('turns the motor off when the process exits for any other reason', () => {
    const { happened, emit } = makeSafetyStop();
    emit('exit', 0);
    expect(happened).toEqual(['motor off']);
  });

  it('exits 70 when the parts do not stop within five seconds', async () => {
    const { clock, happened, safetyStop } = makeSafetyStop();
    safetyStop.stopWith(() => new Promise(() => {}));
    safetyStop.end('test');
    clock.advance(4999);
    await settle();
    expect(happened).not.toContain('exit 70');
    clock.advance(1);
    expect(happened.at(-1)).toBe('exit 70');
  });

  it('a second signal does not wait', () => {
    const { happened, emit, safetyStop } = makeSafetyStop();
    safetyStop.stopWith(() => new Promise(() => {}));
    emit('SIGINT');
    emit('SIGINT');
    expect(happened.at(-1)).toBe('exit 70');
  });

  it('exits with the code of what went wrong while stopping', async () => {
    const { happened, safetyStop } = makeSafetyStop();
    safetyStop.stopWith(async () => {
      throw new FeederError('ERR_STORAGE');
    });
    safetyStop.end('test');
    await settle();
    expect(happened.at(-1)).toBe('exit 74');
  });

  it('listens to nothing once it is disposed', () => {
    const { safetyStop, listening } = makeSafetyStop();
    expect(listening()).toBe(6);
    safetyStop.dispose();
    expect(listening()).toBe(0);
  });
});

describe('the log of an end', () => {
  const loggedBy = (error: unknown): unknown[] => {
    const fields: unknown[] = [];
    const log = { ...silentLogger, error: (told: object) => void fields.push(told) };
    const process = { on: () => {}, off: () => {}, exit: () => {} };
    const safetyStop = new SafetyStop({ process, clock: new VirtualClock(), log });
    safetyStop.fail(error);
    safetyStop.dispose();
    return fields;
  };

  it('has the sentence of what was foreseen, and the stack of what was not', () => {
    const cause = new Error('database is locked');
    const foreseen = new FeederError('ERR_ALREADY_RUNNING', { cause });
    expect(loggedBy(foreseen)).toEqual([
      { code: 'ERR_ALREADY_RUNNING', reason: foreseen.message, cause: 'database is locked' },
    ]);
    const bug = new Error('bug');
    expect(loggedBy(bug)).toEqual([{ error: bug }]);
  });
});

describe('exit codes', () => {
  it.each([
    [new FeederError('ERR_CONFIG'), 78],
    [new FeederError('ERR_PORT_IN_USE'), 69],
    [new FeederError('ERR_DATA_DIR'), 74],
    [new FeederError('ERR_ALREADY_RUNNING'), 75],
    [new FeederError('ERR_CONTROLLER_LOST'), 70],
    [new Error('bug'), 70],
    ['thrown text', 70],
  ])('%s ends with %i', (error, code) => {
    expect(exitCodeFor(error)).toBe(code);
  });

  it('are preceded by a sentence, every detail and a hint', () => {
    const error = new FeederError('ERR_CONFIG', {
      details: [{ path: 'port', message: 'is 1.5, but must be a whole number.' }],
    });
    expect(lastWords(error)).toBe(
      `ERR_CONFIG: ${error.message}\n  port is 1.5, but must be a whole number.\n  ${error.hint}\n`,
    );
    expect(lastWords(new Error('bug'))).toBe('ERR_INTERNAL: bug\n');
  });
});
