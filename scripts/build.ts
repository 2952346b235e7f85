import { existsSync, mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import * as vite from 'vite';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const at = (path: string) => resolve(root, path);

/** One bundle per program; the native packages stay in node_modules. */
const programs = [
  { entry: 'device/src/main.ts', bundle: 'dist/device/feeder.mjs' },
  {
    entry: 'device/src/hardware/station/control-worker.ts',
    bundle: 'dist/device/control-worker.mjs',
  },
  // Loaded when a cloud names a broker, so that no other feeder has memory for it.
  { entry: 'device/src/cloud/mqtt-line.ts', bundle: 'dist/device/mqtt-line.mjs' },
  { entry: 'scripts/release-tool.ts', bundle: 'dist/device/release-tool.mjs' },
  { entry: 'cloud-sync/src/main.ts', bundle: 'dist/cloud-sync/cloud-sync.mjs' },
];

/** CommonJS packages inside an ES module bundle still ask for these three. */
const commonJsNames = [
  "import { createRequire as bundleRequire } from 'node:module';",
  'const require = bundleRequire(import.meta.url);',
  'const __filename = import.meta.filename;',
  'const __dirname = import.meta.dirname;',
].join('\n');

async function bundleProgram(entry: string, bundle: string): Promise<void> {
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    external: ['better-sqlite3', '@cat-feeder/board-io', 'serialport', 'onoff'],
    banner: { js: commonJsNames },
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'linked',
    logLevel: 'warning',
  });
  console.log(`${bundle}  ${Math.ceil(statSync(at(bundle)).size / 1024)} kB`);
}

// scripts/setup compares the sources with this stamp, which therefore carries the time of the start.
const stamp = at('dist/.built');
const startedAt = new Date();
rmSync(stamp, { force: true });
mkdirSync(at('dist'), { recursive: true });
for (const { entry, bundle } of programs) {
  if (existsSync(at(entry))) await bundleProgram(entry, bundle);
  else console.log(`${bundle}  left out: ${entry} does not exist yet`);
}
if (existsSync(at('device/ui/index.html'))) {
  await vite.build({ configFile: at('device/vite.config.ts'), logLevel: 'warn' });
  console.log('dist/device/ui');
} else {
  console.log('dist/device/ui  left out: device/ui/index.html does not exist yet');
}
writeFileSync(stamp, '');
utimesSync(stamp, startedAt, startedAt);
