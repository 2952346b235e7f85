interface LogLine {
  readonly level?: unknown;
  readonly time?: unknown;
  readonly msg?: unknown;
  readonly error?: { readonly stack?: unknown };
}

/** A line of the log for somebody who watches it: time, what is worse than information, sentence. */
export function terminalLine(json: string): string {
  const { level, time, msg, error } = JSON.parse(json) as LogLine;
  const clock = String(time).slice(11, 19);
  const weight = level === 'info' ? '' : `${String(level)}: `;
  const stack = typeof error?.stack === 'string' ? `\n${error.stack}` : '';
  // A name with control characters must not move the cursor.
  const text = `${String(msg)}${stack}`.replace(/[^\P{Cc}\n]/gu, '\ufffd');
  return `${clock} ${weight}${text}\n`;
}
