import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

/** One row of the layer table: what a folder may import besides itself, `shared` and `platform`. */
type Layer = {
  readonly mayImport: readonly string[] | 'all';
  /** npm packages and `node:` modules: all of them, or only these. */
  readonly packages: readonly string[] | 'all';
  readonly why: string;
};

const features = ['weighing', 'dispensing', 'scheduling', 'pets', 'feeding', 'camera'];

/** Who may import whom. A new folder in device/src needs a row here, with its reason. */
export const layers: Readonly<Record<string, Layer>> = {
  shared: {
    mayImport: [],
    packages: ['valibot'],
    why: 'the words of both programs and the page must not pull in any of them, nor Node itself',
  },
  platform: {
    mayImport: [],
    packages: 'all',
    why: 'clock, files and log are open to every folder, so they can know none of them',
  },
  weighing: {
    mayImport: [],
    packages: ['valibot'],
    why: 'grams come from counts alone, not from what is being dispensed',
  },
  dispensing: {
    mayImport: ['weighing'],
    packages: ['valibot'],
    why: 'a portion is closed by the scale; who eats it and when is not its business',
  },
  scheduling: {
    mayImport: [],
    packages: ['valibot', 'temporal-polyfill'],
    why: 'a plan decides when, and can be checked for years without a feeder',
  },
  pets: {
    mayImport: [],
    packages: ['valibot'],
    why: 'rations are arithmetic on what was served, however it was served',
  },
  feeding: {
    mayImport: ['weighing', 'dispensing', 'scheduling', 'pets'],
    packages: ['valibot'],
    why: 'the use case joins the features, and reaches devices only through their ports',
  },
  sync: {
    mayImport: [],
    packages: ['valibot'],
    why: 'the link to the cloud is a pure core over ports: no feeding waits for it, none knows it',
  },
  camera: {
    mayImport: [],
    packages: ['valibot'],
    why: 'it is told of feedings and visits, and nothing that feeds may know of it',
  },
  cloud: {
    mayImport: ['sync'],
    packages: 'all',
    why: 'it carries what the link decides over the network, and knows neither tables nor motors',
  },
  hardware: {
    mayImport: ['weighing', 'dispensing', 'scheduling', 'pets', 'camera', 'config'],
    packages: 'all',
    why: 'boards implement the ports of motor, scale, alarm clock, pet reader and camera and know no rule',
  },
  storage: {
    mayImport: [...features, 'sync'],
    packages: 'all',
    why: 'stores implement the ports of the features and of the link to the cloud',
  },
  api: {
    mayImport: features,
    packages: 'all',
    why: 'routes ask the features; they never reach for a board or a table',
  },
  config: {
    mayImport: [],
    packages: 'all',
    why: 'settings are read before anything exists that could use them',
  },
  cli: {
    mayImport: ['config', 'hardware'],
    packages: 'all',
    why: 'the command line talks to the running daemon; only the doctor looks at the board itself',
  },
  simulation: { mayImport: 'all', packages: 'all', why: 'it runs the whole feeder on a model' },
  app: { mayImport: 'all', packages: 'all', why: 'the composition root names every part' },
  main: { mayImport: 'all', packages: 'all', why: 'it reads the arguments and starts one program' },
  ui: { mayImport: [], packages: 'all', why: 'the page runs in a browser and talks to the API' },
  'cloud-core': {
    mayImport: [],
    packages: ['valibot'],
    why: 'what the service decides is computed from rows and requests, on any database and server',
  },
  'sync-simulation': {
    mayImport: 'all',
    packages: 'all',
    why: 'it runs the cores of both programs against each other, so it belongs to neither',
  },
  'cloud-sync': {
    mayImport: ['cloud-core'],
    packages: 'all',
    why: 'the cloud meets the feeder only in the protocol, which is in shared',
  },
};

/** Packages of this repository that stand below every layer, like those from elsewhere. */
const nativePackages = ['@cat-feeder/board-io'];
const openToAll = ['shared', 'platform'];
/** These run elsewhere, where the feeder's platform does not exist. */
const withoutPlatform = ['shared', 'ui', 'cloud-sync', 'cloud-core'];

/** The layer of a path from the repository's root, such as `device/src/weighing/scale.ts`. */
export function layerOf(path: string): string {
  const [workspace = '', folder = '', name = ''] = path.split('/');
  if (workspace === 'cloud-sync') return cloudLayer(folder, name);
  if (workspace !== 'device') return workspace;
  if (folder === 'ui') return 'ui';
  return name.replace(/\.ts$/, '');
}

/** In the service, the pure cores and the simulation of both programs have rows of their own. */
function cloudLayer(folder: string, name: string): string {
  if (folder === 'simulation') return 'sync-simulation';
  return name === 'core' || name === 'clips' ? 'cloud-core' : 'cloud-sync';
}

/** The module names in a source text: static, type-only, dynamic and re-exported imports. */
export function importsOf(source: string): string[] {
  const statements =
    /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"`]([^'"`]+)['"`]/gm;
  return [...source.matchAll(statements)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

/** Why this import breaks the table, as a sentence, or nothing when it is allowed. */
export function brokenEdge(path: string, imported: string): string | undefined {
  const from = layerOf(path);
  const layer = layers[from];
  if (layer === undefined) return `${path}: '${from}' has no row in device/test/layers.ts`;
  const target = targetOf(path, imported);
  if (target.kind === 'package') {
    if (layer.packages === 'all' || layer.packages.includes(target.name)) return undefined;
    return `${path} imports ${imported}, but ${from} may not: ${layer.why}`;
  }
  const isOpen = openToAll.includes(target.name) && !withoutPlatform.includes(from);
  if (target.name === from || target.name === 'shared' || isOpen) return undefined;
  if (layer.mayImport === 'all' || layer.mayImport.includes(target.name)) return undefined;
  return `${path} imports ${imported}, but ${from} may not import ${target.name}: ${layer.why}`;
}

function targetOf(path: string, imported: string): { kind: 'layer' | 'package'; name: string } {
  if (imported.startsWith('.')) {
    const target = relative('/', resolve('/', path, '..', imported));
    return { kind: 'layer', name: layerOf(target) };
  }
  const [first = '', second = ''] = imported.split('/');
  if (nativePackages.includes(imported)) return { kind: 'package', name: imported };
  if (first === '@cat-feeder') return { kind: 'layer', name: second };
  return { kind: 'package', name: first.startsWith('@') ? `${first}/${second}` : first };
}

/** Every TypeScript file below the folders, as paths from the root; a missing folder has none. */
export function sourceFiles(root: string, folders: readonly string[]): string[] {
  return folders.flatMap((folder) => {
    try {
      return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.tsx?$/.test(name) && !name.includes('node_modules'))
        .map((name) => join(folder, name));
    } catch {
      return [];
    }
  });
}

/** All broken edges of the tree. Tests beside the code may use what they like. */
export function brokenEdges(root: string): string[] {
  return sourceFiles(root, [
    'shared/src',
    'device/src',
    'device/ui',
    'cloud-sync/src',
    'cloud-sync/simulation',
  ])
    .filter((path) => !/\.test\.tsx?$/.test(path))
    .flatMap((path) =>
      importsOf(readFileSync(join(root, path), 'utf8')).map((name) => brokenEdge(path, name)),
    )
    .filter((sentence) => sentence !== undefined);
}
