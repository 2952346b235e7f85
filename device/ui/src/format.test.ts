import { describe, expect, it } from 'vitest';
import * as format from './format.ts';

const BERLIN = 'Europe/Berlin';

describe('B-67 grams', () => {
  const cases = [
    [0, '0.0'],
    [-0.04, '0.0'],
    [-0.3, '\u22120.3'],
    [12.44, '12.4'],
    [12.45, '12.5'],
    [99.94, '99.9'],
    [99.96, '100'],
    [250.4, '250'],
  ] as const;
  it.each(cases)('%s reads %s', (grams, text) => expect(format.gramsText(grams)).toBe(text));

  it('leaves out a needless tenth in a portion', () => {
    expect(format.portionText(12)).toBe('12');
    expect(format.portionText(12.5)).toBe('12.5');
    expect(format.portionText(120)).toBe('120');
  });

  it('says an interval once when both ends read the same', () => {
    expect(format.rangeText(11.8, 12.6)).toBe('11.8 to 12.6 g');
    expect(format.rangeText(12.01, 12.04)).toBe('12.0 g');
  });
});

describe('countdown', () => {
  const cases = [
    [-5_000, '0 s'],
    [999, '0 s'],
    [12_000, '12 s'],
    [249_000, '4 min 09 s'],
    [7_500_000, '2 h 05 min'],
    [172_800_000, '2 days'],
  ] as const;
  it.each(cases)('%s ms reads %s', (ms, text) => expect(format.countdownText(ms)).toBe(text));
});

describe('how long ago', () => {
  const cases = [
    [-1, 'just now'],
    [59_000, 'just now'],
    [240_000, '4 min ago'],
    [10_800_000, '3 h ago'],
    [259_200_000, '3 days ago'],
  ] as const;
  it.each(cases)('%s ms reads %s', (ms, text) => expect(format.agoText(ms)).toBe(text));
});

describe('time in the zone of the feeder', () => {
  it('follows its summer and winter time, whatever zone the browser is in', () => {
    expect(format.timeText(Date.UTC(2026, 10, 22, 13, 20), BERLIN)).toBe('14:20');
    expect(format.timeText(Date.UTC(2026, 5, 22, 13, 20), BERLIN)).toBe('15:20');
    expect(format.clockText(Date.UTC(2026, 10, 22, 23, 5, 7), BERLIN)).toBe('00:05:07');
    expect(format.dayText(Date.UTC(2026, 10, 22, 23, 5), BERLIN)).toBe('Monday 23 November');
  });

  it('keeps the written time of a closed meal, also in another zone', () => {
    const due = { localTime: '10:00', dueAtMs: Date.UTC(2026, 10, 22, 9, 0) };
    const helsinki = 'Europe/Helsinki';
    expect(format.dueText({ ...due, verdict: 'fed' }, helsinki)).toBe('10:00');
    expect(format.dueText({ ...due, verdict: null }, helsinki)).toBe('11:00');
  });

  it('keeps a written date on its day', () => {
    expect(format.writtenDayText('2026-11-22')).toBe('Sunday 22 November');
  });
});

describe('weekdays', () => {
  it('names the usual sets', () => {
    expect(format.weekdaysText([1, 2, 3, 4, 5, 6, 7])).toBe('Every day');
    expect(format.weekdaysText([1, 2, 3, 4, 5])).toBe('Monday to Friday');
    expect(format.weekdaysText([6, 7])).toBe('Saturday and Sunday');
    expect(format.weekdaysText([1, 3])).toBe('Mon, Wed');
  });
});

describe('bytes', () => {
  it('steps by thousands', () => {
    expect(format.bytesText(950)).toBe('950 B');
    expect(format.bytesText(3_240_000)).toBe('3.2 MB');
    expect(format.bytesText(21_400_000_000)).toBe('21 GB');
  });
});
