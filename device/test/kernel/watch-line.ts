import { readFileSync } from 'node:fs';

/*
 * Prints each change of a simulated line: wall clock in ms, and the level.
 *   watch-line.ts FILE SECONDS
 */

const LOOK_EVERY_MS = 2;
const [file = '', seconds = '1'] = process.argv.slice(2);
const nobody = new Int32Array(new SharedArrayBuffer(4));
const endMs = Date.now() + Number(seconds) * 1000;
let last = '';
while (Date.now() < endMs) {
  const level = readFileSync(file, 'utf8').trim();
  if (level !== last) process.stdout.write(`${Date.now()} ${level}\n`);
  last = level;
  Atomics.wait(nobody, 0, 0, LOOK_EVERY_MS);
}
