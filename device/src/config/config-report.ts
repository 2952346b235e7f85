import { maskSecrets } from './describe-config.ts';
import type { LoadedConfig } from './load-config.ts';

/** What `feeder config check` prints: every setting with its origin, then the warnings. */
export function configReport({ config, origins, warnings }: LoadedConfig): string {
  const settings = Object.entries(maskSecrets(config)).map(
    ([name, value]) => `${name} = ${JSON.stringify(value)}  (${origins[name]})`,
  );
  const notes = warnings.map((warning) => `warning: ${warning}`);
  return `${[...settings, ...notes, 'The configuration is usable.'].join('\n')}\n`;
}
