import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CONFIG_VERSION } from '../device/src/config/config-migrations.ts';
import { describeConfig, type SettingDescription } from '../device/src/config/describe-config.ts';

/** The pages made from the schema of the settings, by their path in the repository. */
export function configPages(): Readonly<Record<string, string>> {
  return { 'docs/configuration.md': configurationPage(), '.env.example': environmentExample() };
}

function configurationPage(): string {
  const settings = describeConfig();
  return `# Configuration

Made from \`device/src/config/device-config.ts\` by \`node scripts/make-config-docs.ts\`; do not edit.

Each setting can stand in a JSON file, in the environment and on the command line; the later one
wins. The file is named by \`--config FILE\` or \`FEEDER_CONFIG\`:

\`\`\`json
{ "version": ${CONFIG_VERSION}, "port": 8481, "logLevel": "debug" }
\`\`\`

\`feeder config check\` shows what the daemon would use and where each value comes from. All wrong
values are reported at once, with the exit code 78; unknown names are ignored with a warning.
Plans, pets and limits are not configuration: they live in the database and change through the API.

| Setting | Environment | Flag | Default | Values | What it does |
| --- | --- | --- | --- | --- | --- |
| \`version\` | in the file only | in the file only | \`1\` | 1 to ${CONFIG_VERSION} | In which form the file is written. Older forms go on working; one that is newer than the feeder is refused. |
${settings.map(row).join('\n')}

Changes take effect at the next start.
`;
}

function row(setting: SettingDescription): string {
  const fallback = setting.default === null ? 'empty' : `\`${setting.default}\``;
  const values = [setting.bounds, setting.unit].filter(Boolean).join(' ') || setting.kind;
  const secret = setting.secret ? ' Secret: never shown.' : '';
  const live = setting.restart ? '' : ' Takes effect at once.';
  const cells = [
    `\`${setting.name}\``,
    `\`${setting.variable}\``,
    `\`${setting.flag}\``,
    fallback,
    values,
    `${setting.help}${secret}${live}`,
  ];
  return `| ${cells.join(' | ')} |`;
}

function environmentExample(): string {
  const blocks = describeConfig().map((setting) => {
    const values = [setting.bounds, setting.unit].filter(Boolean).join(' ');
    const help = values === '' ? setting.help : `${setting.help} (${values})`;
    return `# ${help}\n#${setting.variable}=${setting.secret ? '' : (setting.default ?? '')}`;
  });
  return [
    '# Settings of the feeder daemon, each with its default. Made by scripts/make-config-docs.ts.',
    '# The daemon does not read this file by itself: the shell, the service manager or the',
    '# container does.',
    '',
    '# A JSON file with settings; the environment wins over it.',
    '#FEEDER_CONFIG=',
    '',
    blocks.join('\n\n'),
    '',
  ].join('\n');
}

if (import.meta.main) {
  for (const [path, text] of Object.entries(configPages())) {
    writeFileSync(resolve(import.meta.dirname, '..', path), text);
    console.log(path);
  }
}
