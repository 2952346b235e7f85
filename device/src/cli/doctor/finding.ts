/** What one look at one part found. */
export interface Finding {
  readonly check: string;
  readonly level: 'ok' | 'warn' | 'bad';
  readonly found: string;
  /** What to do; null when nothing is to be done. */
  readonly fix: string | null;
}

/** Nothing is to be done. */
export function good(check: string, found: string): Finding {
  return { check, level: 'ok', found, fix: null };
}

/** It works, but not as well as it could. */
export function warn(check: string, found: string, fix: string): Finding {
  return { check, level: 'warn', found, fix };
}

/** It keeps the feeder from feeding well, or at all. */
export function bad(check: string, found: string, fix: string): Finding {
  return { check, level: 'bad', found, fix };
}
