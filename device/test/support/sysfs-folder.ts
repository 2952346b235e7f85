import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { SysfsTree } from '../../src/platform/sysfs-tree.ts';

/** A folder that looks like `/` to adapters of sysfs. */
export class SysfsFolder {
  readonly root = mkdtempSync(join(tmpdir(), 'sysfs-'));
  readonly tree = new SysfsTree(this.root);

  constructor(files: Readonly<Record<string, string>> = {}) {
    for (const [name, text] of Object.entries(files)) this.put(name, text);
  }

  put(name: string, text: string): void {
    const path = join(this.root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  link(name: string, target: string): void {
    const path = join(this.root, name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(target, path);
  }

  text(name: string): string {
    return readFileSync(join(this.root, name), 'utf8');
  }

  remove(name: string): void {
    rmSync(join(this.root, name), { recursive: true, force: true });
  }

  end(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
