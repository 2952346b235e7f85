import { type Fault, FeederError } from '@cat-feeder/shared';
import { beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../platform/logger.ts';
import { VirtualClock } from '../platform/virtual-clock.ts';
import type { ActiveFault, FaultStore } from './fault-effects.ts';
import { FaultLatch } from './fault-latch.ts';

/** What outlives the program, on a disk that may refuse. */
class Disk implements FaultStore {
  readonly entries: string[] = [];
  isFull = false;
  #faults: ActiveFault[] = [];

  active(): readonly ActiveFault[] {
    return this.#faults;
  }

  raise(fault: ActiveFault): void {
    this.#write(`raised ${fault.fault}`);
    this.#faults = [...this.#faults, fault];
  }

  clear(fault: Fault, by: string): void {
    this.#write(`cleared ${fault} by ${by}`);
    this.#faults = this.#faults.filter((active) => active.fault !== fault);
  }

  #write(entry: string): void {
    if (this.isFull) throw new FeederError('ERR_STORAGE');
    this.entries.push(entry);
  }
}

const fault = (name: Fault): ActiveFault => ({
  fault: name,
  feedingId: null,
  sinceMs: 0,
  why: 'Seen.',
});

const names = (faults: readonly ActiveFault[]) => faults.map((active) => active.fault);

describe('faults that the disk refuses', () => {
  let disk: Disk;
  let clock: VirtualClock;
  let latch: FaultLatch;
  const start = () =>
    new FaultLatch({ store: disk, clock, logger: silentLogger, onChange: () => {} });

  beforeEach(() => {
    disk = new Disk();
    clock = new VirtualClock();
    latch = start();
  });

  it('F21 hold at once, are written as soon as it takes them, and outlive a kill then', () => {
    disk.isFull = true;
    latch.raise(fault('overflow'));
    clock.advance(5000);
    expect(names(latch.active())).toEqual(['overflow']);
    disk.isFull = false;
    clock.advance(60_000);
    expect(names(start().active())).toEqual(['overflow']);
    clock.advance(3_600_000);
    expect(disk.entries).toEqual(['raised overflow']);
  });

  it('are written by the next fault that it takes', () => {
    disk.isFull = true;
    latch.raise(fault('overflow'));
    disk.isFull = false;
    latch.raise(fault('jam'));
    expect(disk.entries).toEqual(['raised overflow', 'raised jam']);
  });

  it('are in the ledger before a person clears them', () => {
    disk.isFull = true;
    latch.raise(fault('overflow'));
    expect(() => latch.clear('overflow', 'a person')).toThrow(FeederError);
    expect(names(latch.active())).toEqual(['overflow']);
    disk.isFull = false;
    latch.clear('overflow', 'a person');
    expect(disk.entries).toEqual(['raised overflow', 'cleared overflow by a person']);
    expect(latch.active()).toEqual([]);
  });

  const served = { feedingId: 'f', result: 'served', fault: null, atMs: 0, why: '' } as const;

  it('go with a feeding that succeeds, also from the disk, later', () => {
    latch.raise(fault('jam'));
    disk.isFull = true;
    latch.afterFeeding(served);
    expect(latch.active()).toEqual([]);
    expect(names(start().active())).toEqual(['jam']);
    disk.isFull = false;
    clock.advance(60_000);
    expect(start().active()).toEqual([]);
  });

  it('that came and went before it heard of them are not written', () => {
    disk.isFull = true;
    latch.raise(fault('jam'));
    latch.afterFeeding(served);
    disk.isFull = false;
    clock.advance(60_000);
    expect(disk.entries).toEqual([]);
  });

  it('stay when they went and came back before it heard of that', () => {
    latch.raise(fault('jam'));
    disk.isFull = true;
    latch.afterFeeding(served);
    latch.raise(fault('jam'));
    disk.isFull = false;
    clock.advance(60_000);
    expect(disk.entries).toEqual(['raised jam']);
    expect(names(latch.active())).toEqual(['jam']);
  });

  it('are tried once more at the end, and no more after it', () => {
    disk.isFull = true;
    latch.raise(fault('overflow'));
    latch.close();
    disk.isFull = false;
    clock.advance(3_600_000);
    expect(disk.entries).toEqual([]);
  });
});
