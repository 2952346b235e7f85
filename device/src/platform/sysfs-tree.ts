import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Nothing in sysfs that is read here is longer. */
const TEXT_LENGTH_MAX = 4096;

/**
 * Files of the kernel below a root: `/` on a device, a folder in tests. What cannot be read is
 * null or an empty list: a part that is not there is no error but a finding.
 */
export class SysfsTree {
  readonly root: string;

  constructor(root = '/') {
    this.root = root;
  }

  path(name: string): string {
    return join(this.root, name);
  }

  /** The text without the line end and the zero byte of device trees; null when unreadable. */
  read(name: string): string | null {
    try {
      const text = readFileSync(this.path(name), 'utf8').slice(0, TEXT_LENGTH_MAX);
      return text.replaceAll('\0', ' ').trim();
    } catch {
      return null;
    }
  }

  /** A number in the file; null when there is no file or no number in it. */
  readNumber(name: string): number | null {
    const text = this.read(name);
    if (text === null || !/^-?\d+(\.\d+)?$/.test(text)) return null;
    return Number(text);
  }

  /** Names in a folder, sorted as people count: `hwmon2` before `hwmon10`. */
  list(name: string): readonly string[] {
    try {
      return readdirSync(this.path(name)).sort((a, b) =>
        a.localeCompare(b, 'en', { numeric: true }),
      );
    } catch {
      return [];
    }
  }

  /** Where a link points to; null when it is none. */
  link(name: string): string | null {
    try {
      return readlinkSync(this.path(name));
    } catch {
      return null;
    }
  }

  /** Writes a value. Why it failed, as the system says it; null when it was taken. */
  write(name: string, value: string): string | null {
    try {
      writeFileSync(this.path(name), value);
      return null;
    } catch (error) {
      return error instanceof Error && 'code' in error ? String(error.code) : String(error);
    }
  }
}
