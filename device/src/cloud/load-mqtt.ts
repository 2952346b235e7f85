import type { BellCall, BellLine } from './doorbell.ts';

/** The bundle has the MQTT client beside it; the sources have it as TypeScript. */
const suffix = import.meta.filename.endsWith('.ts') ? 'ts' : 'mjs';

/** Loads the MQTT client, a file of its own, when it is needed for the first time. */
export async function loadMqtt(): Promise<(call: BellCall) => BellLine> {
  const place = new URL(`./mqtt-line.${suffix}`, import.meta.url).href;
  const { dialMqtt }: typeof import('./mqtt-line.ts') = await import(place);
  return dialMqtt;
}
