import { type FileHandle, open, realpath } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { FeederError } from '@cat-feeder/shared';
import type { MediaReply } from './route.ts';

/** No file of the page is nearly as large. */
const FILE_BYTES_MAX = 8 * 1024 * 1024;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
  '.map': 'application/json',
};

const notBuiltPage = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Feeder</title></head>
<body><h1>The feeder is running</h1>
<p>Its page was not built. Run <code>npm run build</code> and start the feeder again.</p>
<p>The API is there: <a href="/api/v1/status">status</a>,
<a href="/api/v1/openapi.json">description</a>.</p></body></html>
`;

/** The built page. Nothing outside its directory can be reached, whatever the address says. */
export class StaticFiles {
  readonly #dir: string | null;

  constructor(dir: string | null) {
    this.#dir = dir;
  }

  /** The file behind a path, 304 when the client has it, or `ERR_NOT_FOUND`. */
  async serve(urlPath: string, ifNoneMatch: string | null): Promise<MediaReply> {
    const name = fileName(urlPath);
    const file = name === null ? null : await this.#open(name);
    if (file === null || name === null) {
      if (urlPath === '/') return html(notBuiltPage);
      throw new FeederError('ERR_NOT_FOUND');
    }
    await using handle = file;
    const { size, mtimeMs } = await handle.stat();
    const etag = `"${size.toString(36)}-${Math.round(mtimeMs).toString(36)}"`;
    const headers = {
      etag,
      'content-type': types[extname(name).toLowerCase()] ?? 'application/octet-stream',
      'cache-control': isHashed(name) ? 'public, max-age=31536000, immutable' : 'no-cache',
    };
    const isKnown = ifNoneMatch?.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
    if (isKnown) return { status: 304, body: null, headers };
    return { status: 200, body: new Uint8Array(await handle.readFile()), headers };
  }

  async #open(name: string): Promise<FileHandle | null> {
    if (this.#dir === null) return null;
    let handle: FileHandle | null = null;
    try {
      const root = await realpath(this.#dir);
      const path = await realpath(join(root, name));
      // A link inside the directory must not lead out of it either.
      if (!path.startsWith(root + sep)) return null;
      handle = await open(path, 'r');
      const stats = await handle.stat();
      if (stats.isFile() && stats.size <= FILE_BYTES_MAX) return handle;
    } catch (error) {
      if (!isAbsence(error)) throw error;
    }
    await handle?.close();
    return null;
  }
}

/** The path as a name below the directory; null when it cannot be one. */
function fileName(urlPath: string): string | null {
  let path: string;
  try {
    path = decodeURIComponent(urlPath);
  } catch {
    return null;
  }
  if (path === '/') return 'index.html';
  const parts = path.slice(1).split('/');
  const isOdd = (part: string) => part === '' || part.startsWith('.') || /[\\\0]/.test(part);
  return parts.some(isOdd) ? null : parts.join('/');
}

function isAbsence(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  return ['ENOENT', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG', 'ELOOP', 'EACCES'].includes(String(code));
}

/** The bundler writes a hash of the content into these names. */
function isHashed(name: string): boolean {
  return /^assets\/.+-[A-Za-z0-9_-]{8}\.[a-z0-9]+$/.test(name);
}

function html(body: string): MediaReply {
  const headers = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' };
  return { status: 200, body, headers };
}
