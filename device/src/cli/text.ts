import {
  type Feeding,
  type HopperReading,
  type HopperState,
  type Occurrence,
  roundGrams,
} from '@cat-feeder/shared';

/** Grams for people; a dash when they are not known. */
export function gramsText(grams: number | null): string {
  return grams === null ? '-' : `${roundGrams(grams)} g`;
}

const unweighed: Readonly<Record<Exclude<HopperState, 'weighed'>, string>> = {
  not_fitted: 'not fitted',
  not_calibrated: 'not calibrated (empty it, then: feeder calibrate hopper)',
  waiting: 'waiting for its cell',
  below_zero: 'below its zero: lifted, or taken as empty with food in it',
  silent: 'its cell is silent',
  stuck: 'its cell does not move',
  saturated: 'its cell is overloaded',
};

/** The food in the hopper, or why it is not known. */
export function hopperText({ hopperGrams, hopperState }: HopperReading): string {
  return hopperState === 'weighed' ? gramsText(hopperGrams) : unweighed[hopperState];
}

/** An instant as a local date and time of the feeder's zone. */
export function timeText(atMs: number | null, zone: string): string {
  if (atMs === null) return '-';
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'short',
  });
  return format.format(atMs);
}

/** Columns that line up, two spaces apart. */
export function tableText(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, at) => {
      widths[at] = Math.max(widths[at] ?? 0, cell.length);
    });
  }
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** One feeding in one line. */
export function feedingText(feeding: Feeding, zone: string): string {
  const outcome = feeding.result ?? feeding.refusal ?? `${feeding.state} (${feeding.stage})`;
  const served =
    feeding.dose === null ? '' : `, ${gramsText(feeding.dose.likelyGrams)} in the bowl`;
  const asked = `${gramsText(feeding.portionGrams)} by ${feeding.cause}`;
  return `${timeText(feeding.startedAtMs, zone)}  ${feeding.id}  ${asked}: ${outcome}${served}`;
}

/** One occurrence in one line. */
export function occurrenceText(occurrence: Occurrence): string {
  const { localDate, localTime, mealName, portionGrams, state, verdict } = occurrence;
  return `${localDate} ${localTime}  ${mealName}  ${gramsText(portionGrams)}: ${verdict ?? state}`;
}

/** Text that cannot move the cursor or change colours, whoever wrote the names in it. */
export function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n]/gu, '\ufffd');
}
