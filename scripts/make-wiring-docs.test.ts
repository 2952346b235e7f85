import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { partSchemas } from '../device/src/config/wiring-schema.ts';
import { buildOf, builds, wiringPages } from './make-wiring-docs.ts';
import { headerPins, pinOfBcm } from './wiring/header-pins.ts';
import { strayMeanings } from './wiring/part-fields.ts';
import { boxesOf } from './wiring/wires.ts';

const root = resolve(import.meta.dirname, '..');

describe('docs/wiring.md', () => {
  it.each(Object.entries(wiringPages()))(
    '%s is as scripts/make-wiring-docs.ts makes it',
    (path, text) => {
      expect(readFileSync(resolve(root, path), 'utf8')).toBe(text);
    },
  );

  it('names every part and every field of the schema, and explains none that is not there', () => {
    const page = readFileSync(resolve(root, 'docs/wiring.md'), 'utf8');
    for (const { entries } of partSchemas) {
      const from = page.indexOf(`\n| \`${entries.part.literal}\` | `);
      expect(from, entries.part.literal).toBeGreaterThan(0);
      const rows = page
        .slice(from + 1)
        .split('\n')
        .slice(0, Object.keys(entries).length - 1);
      const fields = rows.map((row) => / \| `(\w+)` \| /.exec(row)?.[1]);
      expect(['part', ...fields].toSorted()).toEqual(Object.keys(entries).toSorted());
    }
    expect(strayMeanings()).toEqual([]);
  });

  it('gives each reference build its shaft sensor as a part with a supply, and the motor its own', () => {
    for (const name of builds) {
      const boxes = boxesOf(buildOf(name));
      const wires = boxes.flatMap((box) => box.wires);
      expect(wires.map(({ signal }) => signal)).not.toContain('INDEX');
      expect(wires.map(({ to }) => to).join('\n')).toContain('motor supply +');
      const barrier = boxes.find(({ title }) => title === 'Light barrier at the shaft');
      if (name === 'coprocessor') expect(barrier).toBeUndefined();
      else expect(barrier?.wires.map(({ signal }) => signal)).toEqual(['VCC', 'GND', 'OUT']);
    }
  });

  it('leads the wires of a co-processor to the pins of its firmware', () => {
    const path = 'docs/coprocessor/feeder-firmware/feeder-firmware.ino';
    const firmware = readFileSync(resolve(root, path), 'utf8');
    const numbers = [...firmware.matchAll(/const uint8_t kIn1 = (.*);/g)].map(([, text = '']) =>
      [`kIn1 = ${text}`]
        .join('')
        .split(', ')
        .map((one) => Number(one.split(' = ')[1])),
    );
    const [pico = [], atmega = []] = numbers;
    const boxes = boxesOf(buildOf('coprocessor'));
    const drawn = boxes[0]?.wires.map(({ signal }) => signal).join(' ') ?? '';
    const pins = drawn.match(/GP\d+(?! \()/g)?.map((name) => Number(name.slice(2)));
    expect(pins).toEqual(pico);
    const page = readFileSync(resolve(root, 'docs/coprocessor.md'), 'utf8');
    const table = page.slice(page.indexOf('| Signal | Pico |')).split('\n').slice(2, 6);
    const column = (at: number) =>
      table.flatMap((row) => row.split('|')[at]?.match(/\d+/g)?.map(Number) ?? []);
    expect([column(2), column(3)]).toEqual([pico, atmega]);
  });

  it('shows every profile of a board', () => {
    const profiles = readdirSync(resolve(root, 'device/profiles/boards'));
    expect(profiles.map((name) => name.replace('.json', '')).sort()).toEqual([...builds].sort());
  });
});

describe('the header', () => {
  it('has forty pins: BCM 0 to 27 once each, and twelve of supply', () => {
    expect(headerPins).toHaveLength(40);
    const numbers = headerPins.flatMap(({ bcm }) => bcm ?? []);
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 28 }, (_, bcm) => bcm));
  });

  it.each([
    [2, 3],
    [14, 8],
    [17, 11],
    [21, 40],
    [10, 19],
    [9, 21],
    [23, 16],
    [12, 32],
  ])('has BCM %i at pin %i', (bcm, place) => {
    expect(pinOfBcm(bcm).place).toBe(place);
  });
});
