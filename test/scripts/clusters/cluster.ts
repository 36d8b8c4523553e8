/** A cluster that is not at hand. */
import type { Ask } from '../../../scripts/clusters/ask';

/** A cluster that answers questions that begin with these words; to all others, with nothing. */
export function cluster(answers: Readonly<Record<string, unknown>>): Ask {
  return async (args) => {
    const asked = args.join(' ');
    const known = Object.entries(answers).find(([begin]) => asked.startsWith(begin))?.[1];
    if (known instanceof Error) throw known;
    return known === undefined ? '' : typeof known === 'string' ? known : JSON.stringify(known);
  };
}

export const items = (...list: unknown[]) => ({ items: list });
export const named = (name: string, more: object = {}) => ({ metadata: { name, ...more } });
