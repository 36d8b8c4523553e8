/**
 * The page's files. Empty in the sources: `scripts/bundle.ts` puts what Vite built in this module's place, so that the
 * whole front end is one JavaScript file.
 */

export interface PageFile {
  /** URL path: `/assets/index-4f1c.js`. */
  readonly path: string;
  readonly type: string;
  /** Content, Brotli-compressed, base64. */
  readonly brotli: string;
}

export const pageFiles: readonly PageFile[] = [];
