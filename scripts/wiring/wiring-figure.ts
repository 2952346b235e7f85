import type { Wiring } from '../../device/src/config/wiring-schema.ts';
import { headerPins } from './header-pins.ts';
import { boxesOf, type Wire, type WiredBox } from './wires.ts';

const ROW = 20;
const TOP = 64;
const HEADER_X = 40;
const HEADER_WIDTH = 150;
const BOX_X = 420;
const BOX_WIDTH = 440;
const WIDTH = 900;
const BOX_GAP = 14;
const HEAD = 26;

/** One colour for a supply, a few for signals in turn; told apart from the page in light and dark. */
const supplyColours: Readonly<Record<string, string>> = {
  '3V3': '#c2410c',
  '5V': '#b91c1c',
  GND: '#1f2937',
};
const signalColours = ['#1d4ed8', '#047857', '#7e22ce', '#a16207', '#0e7490', '#be185d'];

interface Drawn {
  readonly svg: string;
  readonly bottom: number;
}

/** The wiring of a profile as an SVG: the header on the left, the parts on the right. */
export function wiringFigure(wiring: Wiring): string {
  const boxes = boxesOf(wiring);
  const drawn: string[] = [];
  let y = TOP;
  let colour = 0;
  for (const box of boxes) {
    const { svg, bottom } = drawBox(
      box,
      y,
      () => signalColours[colour++ % signalColours.length] ?? '',
    );
    drawn.push(svg);
    y = bottom + BOX_GAP;
  }
  const height = Math.max(y, TOP + headerPins.length * ROW + BOX_GAP) + 10;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12" role="img" aria-label="${escaped(`Wiring of ${wiring.name}`)}">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="${HEADER_X}" y="28" font-size="18" font-weight="bold">${escaped(wiring.name)}</text>`,
    `<text x="${HEADER_X}" y="50" fill="#4b5563">Header of the Raspberry Pi, pin 1 at the top</text>`,
    `<text x="${BOX_X}" y="50" fill="#4b5563">Parts and their wires</text>`,
    ...drawHeader(boxes),
    ...drawn,
    '</svg>',
  ].join('\n')}\n`;
}

function drawHeader(boxes: readonly WiredBox[]): string[] {
  const used = new Set(boxes.flatMap(({ wires }) => wires.map(({ pin }) => pin?.place)));
  return headerPins.map(({ place, name }) => {
    const y = pinY(place);
    const isUsed = used.has(place);
    const fill = isUsed ? (supplyColours[name] ?? '#1d4ed8') : '#e5e7eb';
    const ink = isUsed ? '#111827' : '#9ca3af';
    return [
      `<rect x="${HEADER_X}" y="${y - 8}" width="28" height="16" rx="3" fill="${fill}"/>`,
      `<text x="${HEADER_X + 14}" y="${y + 4}" text-anchor="middle" fill="${isUsed ? '#ffffff' : '#6b7280'}">${place}</text>`,
      `<text x="${HEADER_X + 38}" y="${y + 4}" fill="${ink}">${name}</text>`,
    ].join('');
  });
}

function drawBox({ title, wires }: WiredBox, top: number, nextColour: () => string): Drawn {
  const height = HEAD + wires.length * ROW + 4;
  const rows = wires.map((wire, at) => drawWire(wire, top + HEAD + at * ROW + 8, nextColour));
  const svg = [
    `<rect x="${BOX_X}" y="${top}" width="${BOX_WIDTH}" height="${height}" rx="6" fill="#f9fafb" stroke="#9ca3af"/>`,
    `<text x="${BOX_X + 12}" y="${top + 18}" font-weight="bold">${escaped(title)}</text>`,
    ...rows,
  ].join('\n');
  return { svg, bottom: top + height };
}

function drawWire({ signal, pin, to }: Wire, y: number, nextColour: () => string): string {
  const label = `<text x="${BOX_X + 12}" y="${y + 4}" fill="#111827">${escaped(signal)}</text><text x="${BOX_X + 150}" y="${y + 4}" fill="#4b5563">${escaped(to)}</text>`;
  if (pin === null) return label;
  const colour = supplyColours[pin.name] ?? nextColour();
  const fromX = HEADER_X + HEADER_WIDTH - 45;
  const fromY = pinY(pin.place);
  const middle = (fromX + BOX_X) / 2;
  const path = `M${fromX} ${fromY} C${middle} ${fromY} ${middle} ${y} ${BOX_X} ${y}`;
  return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2" opacity="0.8"/>${label}`;
}

function pinY(place: number): number {
  return TOP + (place - 1) * ROW + 8;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
