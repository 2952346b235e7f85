import type { SysfsTree } from '../../platform/sysfs-tree.ts';

const FOLDER = 'sys/class/hwmon';

/** The folder of the first hardware monitor with one of these names; null without one. */
export function findMonitor(tree: SysfsTree, names: readonly string[]): string | null {
  for (const entry of tree.list(FOLDER)) {
    const name = tree.read(`${FOLDER}/${entry}/name`);
    if (name !== null && names.includes(name)) return `${FOLDER}/${entry}`;
  }
  return null;
}

/** The names of all hardware monitors. */
export function monitorNames(tree: SysfsTree): readonly string[] {
  return tree
    .list(FOLDER)
    .map((entry) => tree.read(`${FOLDER}/${entry}/name`))
    .filter((name) => name !== null);
}
