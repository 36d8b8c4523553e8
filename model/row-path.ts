/** Paths of access rows: only what every proxy reads as it is written. */
import { readPath, strictReading } from './access/request';

const plain = /^\/([A-Za-z0-9_~-][A-Za-z0-9._~-]*(\/|$))*$/;

export const allowedPath =
  'a normalised path: / then segments of A-Z a-z 0-9 . _ ~ -, without //, dots only, %, ; ? # or *';

/** Why a path can't stand in a row, and what to write instead; undefined when it can. */
export function pathFault(text: string): { readonly problem: string; readonly fix: string } | undefined {
  if (plain.test(text)) return undefined;
  const instead = (path: string, otherwise: string) => (plain.test(path) ? `write ${path}` : otherwise);
  if (!text.startsWith('/')) return { problem: 'does not start with a slash', fix: instead(`/${text}`, 'write /') };
  const [bare = ''] = text.split(/[?#]/, 1);
  if (bare !== text) {
    const what =
      text.includes('?') && text.indexOf('?') === bare.length
        ? 'a query, which rules do not compare'
        : 'a fragment, which is never sent';
    return { problem: `holds ${what}`, fix: instead(bare, 'remove it') };
  }
  if (text.includes('*')) {
    const problem = 'holds a star, which would stand for itself';
    return { problem, fix: instead(text.replace(/\/?\*+$/, '/'), 'a slash at the end makes a prefix') };
  }
  const { path, refused } = readPath(text, strictReading);
  if (refused !== undefined) return { problem: `is refused by the proxies: ${refused}`, fix: 'remove it' };
  if (path !== text) return { problem: `is read as ${path} by the proxies`, fix: instead(path, 'name another path') };
  return {
    problem: 'holds what programs may read in two ways',
    fix: 'name another path, or a prefix that ends before it',
  };
}
