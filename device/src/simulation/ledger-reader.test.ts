import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { openStore } from '../storage/store.ts';
import { LedgerReader } from './ledger-reader.ts';

function ledger() {
  const db = new Database(':memory:');
  const store = openStore({
    at: db,
    time: () => ({
      wallMs: 1_800_000_000_000,
      monoMs: 12,
      ageMs: 12,
      bootId: 'boot',
      quality: 'rtc',
    }),
    defaultCalibration: {
      zeroCounts: 0,
      countsPerGram: 400,
      noiseGrams: 0.1,
      taredAtMs: null,
      spannedAtMs: null,
    },
  });
  const record = (count: number) => {
    for (let i = 0; i < count; i++) store.record('daemon.stopped', { reason: `stop ${i}` });
  };
  return { db, record, reader: new LedgerReader(db) };
}

describe('the ledger as an outsider reads it', () => {
  it('shows each entry once, with its body', () => {
    const { record, reader } = ledger();
    record(2);
    expect(reader.readOn().entries.map(({ body }) => body)).toEqual([
      { reason: 'stop 0' },
      { reason: 'stop 1' },
    ]);
    record(1);
    expect(reader.readOn()).toMatchObject({ entries: [{ seq: 3 }], fault: null });
    expect(reader.verifyAll()).toBeNull();
  });

  it.each([
    [
      'a changed body',
      "UPDATE event_log SET body = replace(body, 'stop', 'step') WHERE seq = 2",
      2,
    ],
    ['a missing entry', 'DELETE FROM event_log WHERE seq = 2', 3],
    ['a changed hash', "UPDATE event_log SET hash = x'0011223344556677' WHERE seq = 3", 3],
    ['another time in the boot', 'UPDATE event_log SET mono_ms = 13 WHERE seq = 1', 1],
  ])('I6 notices %s', (_, sql, seq) => {
    const { db, record, reader } = ledger();
    record(3);
    db.exec(sql);
    expect(reader.readOn().fault).toMatchObject({ seq });
  });

  it('I6 notices that the past was written anew', () => {
    const { db, record, reader } = ledger();
    record(3);
    reader.readOn();
    db.exec("UPDATE event_log SET body = '{}' WHERE seq = 1");
    expect(reader.readOn().fault).toBeNull();
    expect(reader.verifyAll()).toMatchObject({ seq: 1 });
  });
});
