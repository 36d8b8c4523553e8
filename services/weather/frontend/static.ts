/** Serves the page from memory. */
import { brotliDecompressSync } from 'node:zlib';
import type { MiddlewareHandler } from 'hono';
import { accepts } from 'hono/accepts';
import type { Variables } from '../common/app';
import type { PageFile } from './files';

/** Vite puts a content hash into these names, so they never change under a name. */
const hashed = '/assets/';

interface Content {
  readonly type: string;
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly brotli: Uint8Array<ArrayBuffer>;
}

/** Answers the paths of `files` (`/` is `/index.html`) and leaves all others to the next handler. */
export function staticFiles(files: readonly PageFile[]): MiddlewareHandler<Variables> {
  const byPath = new Map<string, Content>(
    files.map(({ path, type, brotli }) => {
      const packed = Buffer.from(brotli, 'base64');
      return [path, { type, brotli: new Uint8Array(packed), plain: new Uint8Array(brotliDecompressSync(packed)) }];
    }),
  );
  return async (c, next) => {
    const path = c.req.path === '/' ? '/index.html' : c.req.path;
    const file = byPath.get(path);
    if (file === undefined) return next();
    const packed = accepts(c, { header: 'Accept-Encoding', supports: ['br'], default: 'identity' }) === 'br';
    if (packed) c.header('content-encoding', 'br');
    c.header('content-type', file.type);
    c.header('vary', 'Accept-Encoding');
    c.header('cache-control', path.startsWith(hashed) ? 'public, max-age=31536000, immutable' : 'no-cache');
    return c.body(packed ? file.brotli : file.plain);
  };
}
