import { effect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { gramsText } from '../format.ts';
import { say } from '../messages/say.ts';
import { bowl, progress, running, trace } from '../state.ts';
import { TRACE_WINDOW_MS } from '../weight-trace.ts';

const WINDOW_S = TRACE_WINDOW_MS / 1000;
/** A page that was just opened begins with a shorter past, so that the line is seen at once. */
const FIRST_WINDOW_S = 60;
/** The scale never zooms in further than this, or noise would look like news. */
const SPAN_GRAMS_MIN = 12;
/** A tared bowl wavers around zero; below this it is news. */
const FLOOR_GRAMS = -1.5;
/** The plot moves on even when no reading comes. */
const REDRAW_MS = 1_000;

function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Grams from low to high with some air, at least the smallest span, and no room far below zero. */
function gramsRange(lowGrams: number | null, highGrams: number | null): [number, number] {
  const low = lowGrams ?? 0;
  const high = highGrams ?? 0;
  const air = Math.max((high - low) * 0.12, (SPAN_GRAMS_MIN - (high - low)) / 2);
  const floor = low > FLOOR_GRAMS ? Math.max(FLOOR_GRAMS, low - air) : low - air;
  return [floor, Math.max(high + air, floor + SPAN_GRAMS_MIN)];
}

function plotData(): uPlot.AlignedData {
  const { atMs, grams } = trace.value;
  const now = performance.now();
  const seconds = atMs.map((at) => (at - now) / 1000);
  const before = progress.value?.bowlBeforeGrams ?? running.value?.bowlBeforeGrams ?? null;
  const target =
    running.value === null || before === null ? null : before + running.value.portionGrams;
  return [seconds, [...grams], seconds.map((at) => (at > -20 ? target : null))];
}

function windowSeconds(): number {
  const firstMs = trace.value.atMs[0] ?? performance.now();
  return performance.now() - firstMs > FIRST_WINDOW_S * 1000 ? WINDOW_S : FIRST_WINDOW_S;
}

function agoLabel(seconds: number): string {
  if (seconds === 0) return say('plot.now');
  if (seconds > -60) return say('plot.seconds', { seconds: Math.abs(seconds) });
  return say('plot.minutes', { minutes: Math.abs(seconds) / 60 });
}

function plotOptions(width: number, height: number): uPlot.Options {
  const font = '12px system-ui, sans-serif';
  const axis = { stroke: color('--soft'), font, ticks: { show: false } };
  const grid = { stroke: color('--line'), width: 1 };
  return {
    width,
    height,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 8 } },
    scales: {
      x: { time: false, range: () => [-windowSeconds(), 0] },
      y: { range: (_plot, low, high) => gramsRange(low, high) },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        splits: () => (windowSeconds() === WINDOW_S ? [-180, -120, -60, 0] : [-60, -40, -20, 0]),
        values: (_plot, splits) => splits.map(agoLabel),
      },
      {
        ...axis,
        grid,
        size: 44,
        space: 36,
        values: (_plot, splits) => splits.map((grams) => gramsText(grams).replace(/\.0$/, '')),
      },
    ],
    series: [
      {},
      {
        stroke: color('--trace'),
        width: 2.5,
        fill: color('--trace-wash'),
        points: { show: false },
      },
      { stroke: color('--soft'), width: 1.5, dash: [4, 5], points: { show: false } },
    ],
  };
}

/** Keeps a plot in a box for as long as the box lives; returns how to take it down. */
function mountPlot(box: HTMLElement): () => void {
  let plot: uPlot | undefined;
  const draw = () => {
    plot?.destroy();
    const width = Math.max(120, box.clientWidth);
    plot = new uPlot(plotOptions(width, box.clientHeight), plotData(), box);
  };
  draw();
  const sizes = new ResizeObserver(() => {
    plot?.setSize({ width: Math.max(120, box.clientWidth), height: box.clientHeight });
  });
  sizes.observe(box);
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  scheme.addEventListener('change', draw);
  const timer = setInterval(() => plot?.setData(plotData()), REDRAW_MS);
  const unfollow = effect(() => {
    plot?.setData(plotData());
  });
  return () => {
    unfollow();
    clearInterval(timer);
    scheme.removeEventListener('change', draw);
    sizes.disconnect();
    plot?.destroy();
  };
}

/** The bowl's mass over the last minutes, as it comes in. */
export function WeightPlot() {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => (box.current === null ? undefined : mountPlot(box.current)), []);
  const grams = bowl.value?.grams ?? null;
  const label =
    grams === null ? say('plot.labelNothing') : say('plot.label', { grams: gramsText(grams) });
  return <div class="plot" role="img" aria-label={label} ref={box} />;
}
