import { FeederError } from '@cat-feeder/shared';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { PowerCut, Transactor, type WriteHooks } from './transactor.ts';

function make(hooks: WriteHooks = {}, makeRoom?: () => boolean) {
  const db = new Database(':memory:');
  db.exec('CREATE TABLE t (a INTEGER PRIMARY KEY) STRICT');
  const transactor = new Transactor({ db, hooks, ...(makeRoom === undefined ? {} : { makeRoom }) });
  const insert = (a: number) => db.prepare('INSERT INTO t VALUES (?)').run(a);
  const rows = () => db.prepare('SELECT a FROM t ORDER BY a').pluck().all();
  return { db, transactor, insert, rows };
}

function diskError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

describe('Transactor', () => {
  it('commits what one write did, and returns its result', () => {
    const { transactor, insert, rows } = make();
    expect(transactor.write('two rows', () => [insert(1), insert(2)].length)).toBe(2);
    expect(rows()).toEqual([1, 2]);
  });

  it('joins a write inside a write', () => {
    const { transactor, insert, rows } = make();
    const told: string[] = [];
    transactor.write('outer', () => {
      insert(1);
      transactor.write('inner', () => insert(2));
      transactor.afterCommit(() => told.push(`after ${rows().length}`));
    });
    expect(told).toEqual(['after 2']);
  });

  it('cannot commit an outer write that swallowed an inner failure', () => {
    const { transactor, insert, rows } = make();
    expect(() =>
      transactor.write('outer', () => {
        insert(1);
        try {
          transactor.write('inner', () => {
            throw new RangeError('no');
          });
        } catch {
          insert(2);
        }
      }),
    ).toThrow(RangeError);
    expect(rows()).toEqual([]);
  });

  it.each(['SQLITE_FULL', 'SQLITE_READONLY', 'SQLITE_IOERR_WRITE', 'SQLITE_IOERR_FSYNC'])(
    'turns %s into ERR_STORAGE with its cause, and changes nothing',
    (code) => {
      const { transactor, insert, rows } = make({
        beforeCommit: () => {
          throw diskError(code);
        },
      });
      const undone: string[] = [];
      const write = () =>
        transactor.write('a row', () => {
          insert(1);
          transactor.afterRollback(() => undone.push('first'));
          transactor.afterRollback(() => undone.push('second'));
        });
      expect(write).toThrow(
        expect.objectContaining({ code: 'ERR_STORAGE', cause: expect.objectContaining({ code }) }),
      );
      expect(rows()).toEqual([]);
      expect(undone).toEqual(['second', 'first']);
      expect(transactor.isInside).toBe(false);
    },
  );

  it('turns a row that exists already into ERR_CONFLICT', () => {
    const { transactor, insert } = make();
    transactor.write('one', () => insert(1));
    expect(() => transactor.write('again', () => insert(1))).toThrow(
      expect.objectContaining({ code: 'ERR_CONFLICT' }),
    );
  });

  it('passes other errors on as they are', () => {
    const { transactor, rows } = make();
    const error = new FeederError('ERR_NOT_FOUND');
    expect(() =>
      transactor.write('x', () => {
        throw error;
      }),
    ).toThrow(error);
    expect(rows()).toEqual([]);
  });

  it('is dead after a power cut, before or after the commit', () => {
    for (const hook of ['beforeCommit', 'afterCommit'] as const) {
      const { transactor, insert, rows } = make({
        [hook]: () => {
          throw new PowerCut();
        },
      });
      expect(() => transactor.write('a', () => insert(1))).toThrow(PowerCut);
      expect(() => transactor.write('b', () => insert(2))).toThrow(PowerCut);
      expect(rows()).toEqual(hook === 'beforeCommit' ? [] : [1]);
    }
  });

  it('lets a dead program write nothing, not even a conflict with its successor', () => {
    let isDead = false;
    const hooks: WriteHooks = {
      beforeWrite: () => {
        if (isDead) throw new PowerCut();
      },
    };
    const { transactor, insert, rows } = make(hooks);
    transactor.write('alive', () => insert(1));
    isDead = true;
    expect(() => transactor.write('dead', () => insert(1))).toThrow(PowerCut);
    expect(rows()).toEqual([1]);
  });

  it('FMEA-47 tries once more when room could be made on a full disk', () => {
    let isFull = true;
    const hooks = {
      beforeCommit: () => {
        if (isFull) throw diskError('SQLITE_FULL');
      },
    };
    let drops = 0;
    const { transactor, insert, rows } = make(hooks, () => {
      drops += 1;
      isFull = false;
      return true;
    });
    transactor.write('a row', () => insert(1));
    expect(rows()).toEqual([1]);
    isFull = true;
    const stuck = make(hooks, () => false);
    expect(() => stuck.transactor.write('a row', () => stuck.insert(1))).toThrow(/SQLITE_FULL/);
    expect(drops).toBe(1);
  });
});
