import type { InputBatch, InputRequest, NativeInput } from '@cat-feeder/board-io';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadFakeBoard } from './fake/fake-board.ts';
import { Gathered } from './fake/gather.ts';
import { GPIO_FLAGS } from './fake/gpio-flags.ts';

const board = loadFakeBoard();
const { fake } = board;
const chip = '/dev/gpiochip0';
const BUTTON = 23;
const LAMP = 24;

const request: InputRequest = {
  chip,
  line: BUTTON,
  consumer: 'front button',
  activeLow: false,
  bias: 'up',
  edges: 'both',
  debounceUs: 20_000,
};

let batches: Gathered<InputBatch>;
let open: NativeInput[];

function openInput(over: Partial<InputRequest> = {}): NativeInput {
  const input = board.openInput({ ...request, ...over }, (batch) => batches.add([batch]));
  open.push(input);
  return input;
}
const events = () => batches.all.flatMap((batch) => batch.events);
const eventsCame = (count: number) => batches.until(() => events().length >= count);

beforeEach(() => {
  fake.addChip(chip, 'gpiochip0', 'pinctrl-rp1', 54);
  batches = new Gathered();
  open = [];
});

afterEach(() => {
  for (const input of open) input.close();
  fake.reset();
});

describe('chips', () => {
  it('are listed once each, by number', () => {
    fake.addChip('/dev/gpiochip4', 'gpiochip0', 'pinctrl-rp1', 54);
    fake.addChip('/dev/gpiochip11', 'gpiochip11', 'brcmvirt', 8);
    expect(board.listChips()).toEqual([
      { path: chip, name: 'gpiochip0', label: 'pinctrl-rp1', lines: 54 },
      { path: '/dev/gpiochip11', name: 'gpiochip11', label: 'brcmvirt', lines: 8 },
    ]);
  });

  it('that cannot be opened are left out', () => {
    fake.unplug(chip);
    expect(board.listChips()).toEqual([]);
  });

  it('tell who holds a line', () => {
    fake.hold(chip, LAMP, 'stray script');
    expect(board.lineInfo(chip, LAMP)).toMatchObject({ used: true, consumer: 'stray script' });
    openInput({ activeLow: true });
    expect(board.lineInfo(chip, BUTTON)).toEqual({
      line: BUTTON,
      name: '',
      consumer: 'front button',
      used: true,
      direction: 'in',
      activeLow: true,
      bias: 'up',
    });
  });

  it.each([
    [chip, 54, 'EINVAL'],
    ['/dev/gpiochip9', 0, 'ENOENT'],
  ])('name what is wrong with %s line %i', (path, line, code) => {
    expect(() => board.lineInfo(path, line)).toThrow(expect.objectContaining({ code, path }));
  });
});

describe('an input', () => {
  it('asks for its bias, debounce and edges', () => {
    openInput();
    const { flags, debounceUs } = fake.line(chip, BUTTON);
    expect(debounceUs).toBe(20_000);
    const { input, risingEdge, fallingEdge, pullUp } = GPIO_FLAGS;
    expect(flags).toBe(input + risingEdge + fallingEdge + pullUp);
  });

  it.each([
    ['none', GPIO_FLAGS.biasOff],
    ['down', GPIO_FLAGS.pullDown],
    ['as-is', 0],
  ] as const)('with bias %s asks for just that', (bias, flag) => {
    openInput({ bias, edges: 'none', debounceUs: 0 });
    expect(fake.line(chip, BUTTON).flags).toBe(GPIO_FLAGS.input + flag);
  });

  it('gives its edges in order, with the kernel’s stamps and numbers', async () => {
    const input = openInput();
    const before = board.monotonicMs();
    for (const level of [1, 0, 1] as const) fake.put(chip, BUTTON, level);
    await eventsCame(3);
    expect(events().map((event) => event.level)).toEqual([1, 0, 1]);
    expect(events().map((event) => event.sequence)).toEqual([1, 2, 3]);
    const stamps = [before, ...events().map((event) => event.atMs), board.monotonicMs()];
    expect(stamps).toEqual(stamps.toSorted((a, b) => a - b));
    expect(input.level()).toBe(1);
    expect(batches.all.at(-1)).toMatchObject({ dropped: 0, lost: null });
  });

  it('turns active-low wiring round', async () => {
    const input = openInput({ activeLow: true });
    expect(input.level()).toBe(1);
    fake.put(chip, BUTTON, 1);
    await eventsCame(1);
    expect(events()[0]?.level).toBe(0);
    expect(input.level()).toBe(0);
  });

  it('keeps edges while the event loop is busy, and counts what was too much', async () => {
    openInput();
    const edges = board.BACKLOG_MAX + 200;
    let waiting = 0;
    for (let i = 1; i <= edges; i++) {
      fake.put(chip, BUTTON, i % 2 === 1 ? 1 : 0);
      // The native thread empties the kernel's queue while this loop never returns to Node.
      if (++waiting === 500) {
        waiting = 0;
        for (let spin = 0; spin < 200; spin++) fake.line(chip, BUTTON);
      }
    }
    await batches.until(() => events().at(-1)?.sequence === edges);
    const dropped = batches.all.at(-1)?.dropped ?? 0;
    const sequences = events().map((event) => event.sequence);
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
    expect(sequences.length + dropped).toBe(edges);
    expect(sequences.length).toBeGreaterThanOrEqual(board.BACKLOG_MAX);
  });

  it('tells that its chip is gone, once, and stays so', async () => {
    const input = openInput();
    fake.unplug(chip);
    await batches.until((all) => all.some((batch) => batch.lost !== null));
    expect(batches.all.map((batch) => batch.lost)).toEqual(['ENODEV']);
    expect(() => input.level()).toThrow(expect.objectContaining({ code: 'ENODEV' }));
  });

  it('tells when its events cannot be read', async () => {
    openInput();
    fake.fail('read', 5, 1);
    fake.put(chip, BUTTON, 1);
    await batches.until((all) => all.some((batch) => batch.lost !== null));
    expect(batches.all.at(-1)?.lost).toBe('EIO');
  });

  it('says nothing after close', async () => {
    const input = openInput();
    fake.put(chip, BUTTON, 1);
    input.close();
    input.close();
    openInput();
    fake.put(chip, BUTTON, 0);
    await eventsCame(1);
    expect(events().map((event) => event.level)).toEqual([0]);
    expect(() => input.level()).toThrow(expect.objectContaining({ code: 'EBADF' }));
  });

  it('refuses a line that another program holds', () => {
    fake.hold(chip, BUTTON, 'stray script');
    expect(() => openInput()).toThrow(expect.objectContaining({ code: 'EBUSY' }));
    fake.hold(chip, BUTTON, '');
    fake.fail('open', 13, 1);
    expect(() => openInput()).toThrow(expect.objectContaining({ code: 'EACCES', path: chip }));
    fake.fail('request', 24, 1);
    expect(() => openInput()).toThrow(expect.objectContaining({ code: 'EMFILE' }));
    openInput();
  });

  it.each([
    { bias: 'sideways' },
    { edges: 'all' },
    { debounceUs: 1.5 },
    { debounceUs: 2_000_000 },
    { line: -1 },
    { activeLow: 'yes' },
    { chip: '/dev/'.padEnd(80, 'x') },
  ])('refuses %j', (over) => {
    expect(() => openInput(over as unknown as Partial<InputRequest>)).toThrow(
      expect.objectContaining({ code: 'EINVAL' }),
    );
    expect(() => board.openInput(request, 'no function' as unknown as () => void)).toThrow(
      'The listener must be a function.',
    );
    expect(fake.line(chip, BUTTON).held).toBe(false);
  });
});

describe('an output', () => {
  const lamp = { chip, line: LAMP, consumer: 'lamp', activeLow: false, level: 0 } as const;
  const levels = () => fake.history(LAMP).map((change) => change.level);

  it('is set from the first moment, and 0 after close', () => {
    fake.keepLevels();
    const output = board.openOutput({ ...lamp, level: 1 });
    expect(levels()).toEqual([1]);
    output.set(0);
    output.set(1);
    output.close();
    output.close();
    expect(levels()).toEqual([1, 0, 1, 0]);
    expect(fake.line(chip, LAMP).held).toBe(false);
    expect(() => output.set(1)).toThrow(expect.objectContaining({ code: 'EBADF' }));
  });

  it('turns active-low wiring round', () => {
    const output = board.openOutput({ ...lamp, activeLow: true });
    expect(fake.line(chip, LAMP).level).toBe(1);
    output.set(1);
    expect(fake.line(chip, LAMP).level).toBe(0);
    output.close();
  });

  it('tells when it cannot be set, and when a level is none', () => {
    const output = board.openOutput(lamp);
    fake.fail('set', 5, 1);
    expect(() => output.set(1)).toThrow(expect.objectContaining({ code: 'EIO', path: chip }));
    expect(() => output.set(2 as 1)).toThrow('level must be 0 or 1.');
    output.close();
  });

  it('refuses a line twice, and values that are none', () => {
    const output = board.openOutput(lamp);
    expect(() => board.openOutput(lamp)).toThrow(expect.objectContaining({ code: 'EBUSY' }));
    expect(() => board.openOutput({ ...lamp, level: 2 as 1 })).toThrow(/level must be a number/);
    output.close();
  });
});
