import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { bootNeedsOf } from '../device/src/config/boot-lines.ts';
import { parseHardware } from '../device/src/config/read-hardware.ts';
import type { Wiring } from '../device/src/config/wiring-schema.ts';
import { partTable } from './wiring/part-fields.ts';
import { boxesOf } from './wiring/wires.ts';
import { wiringFigure } from './wiring/wiring-figure.ts';

const root = resolve(import.meta.dirname, '..');
const PAGE = 'docs/wiring.md';

/** The reference builds, by the names of their profiles. */
export const builds = ['hx711-dc-motor', 'nau7802-tmc2209', 'coprocessor'];

/** The wiring guide and its figures, made from the profiles, by their path in the repository. */
export function wiringPages(): Readonly<Record<string, string>> {
  const wirings = builds.map((name) => [name, buildOf(name)] as const);
  let page = readFileSync(resolve(root, PAGE), 'utf8');
  for (const [name, wiring] of wirings) {
    page = filled(page, name, `${pinTable(wiring)}\n\n${bootBlock(wiring)}`);
  }
  page = filled(page, 'the schema', partTable());
  const figures = wirings.map(([name, wiring]) => [figurePath(name), wiringFigure(wiring)]);
  return { [PAGE]: page, ...Object.fromEntries(figures) };
}

function figurePath(name: string): string {
  return `docs/images/wiring-${name}.svg`;
}

/** A reference build by its name. */
export function buildOf(name: string): Wiring {
  const path = `device/profiles/boards/${name}.json`;
  const hardware = parseHardware(JSON.parse(readFileSync(resolve(root, path), 'utf8')), path);
  if (hardware.kind !== 'board') throw new TypeError(`${path} is no board.`);
  return hardware;
}

/** Between the marks of a build stands what is made; everything else is the guide's own text. */
function filled(page: string, name: string, table: string): string {
  const begin = `<!-- made from ${name} -->`;
  const end = `<!-- end of ${name} -->`;
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new TypeError(`${PAGE} has no place for ${name}.`);
  return `${page.slice(0, from + begin.length)}\n\n${table}\n\n${page.slice(to)}`;
}

function pinTable(wiring: Wiring): string {
  const rows = boxesOf(wiring).flatMap(({ title, wires }) =>
    wires.map(({ signal, to }, at) => `| ${at === 0 ? title : ''} | ${signal} | ${to} |`),
  );
  return ['| Part | Its pin | Goes to |', '| --- | --- | --- |', ...rows].join('\n');
}

/** What the installer writes into config.txt for a build; a Pi 5 has its own way to a serial port. */
function bootBlock({ parts }: Wiring): string {
  const linesOn = (family: 'pi4' | 'pi5') => bootNeedsOf({ parts, switchedOn: [], family });
  const { lines, isConsoleInTheWay } = linesOn('pi4');
  const console = isConsoleInTheWay ? ', and it takes the text console out of `cmdline.txt`' : '';
  const block = [`In \`config.txt\`, written by the installer${console}:`, '```', ...lines, '```'];
  const [head, ...rest] = block;
  const others = linesOn('pi5').lines.filter((line) => !lines.includes(line));
  const gone = lines.filter((line) => !linesOn('pi5').lines.includes(line));
  const pi5 = `On a Pi 5 it writes \`${others.join('`, `')}\` instead of \`${gone.join('` and `')}\`.`;
  return [head, '', ...rest, ...(others.length === 0 ? [] : ['', pi5])].join('\n');
}

if (import.meta.main) {
  for (const [path, text] of Object.entries(wiringPages())) {
    writeFileSync(resolve(root, path), text);
    console.log(path);
  }
}
