import { createServer } from 'node:http';
import { join } from 'node:path';
import { loadPouch, loadServer } from './pouch.ts';

/* A PouchDB server: what CouchDB's protocol needs for replication, on LevelDB, without its console. */

interface Told {
  readonly packages: string;
  readonly folder: string;
  readonly port: number;
}

const { packages, folder, port } = JSON.parse(process.argv[2] ?? '{}') as Told;
const databases = loadPouch(packages).defaults({ prefix: `${folder}/` });
const options = { mode: 'minimumForPouchDB', inMemoryConfig: true, logPath: join(folder, 'log') };
createServer(loadServer(packages)(databases, options)).listen(port, '127.0.0.1');
