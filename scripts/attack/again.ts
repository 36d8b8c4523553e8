/** Looking again until there is something to see. */
import { type UntilOptions, until } from '../machine/until';

/** Does `look` again and again until what it found fits, or time is up; resolves with what it found last. */
export async function again<T>(look: () => Promise<T>, fits: (found: T) => boolean, options: UntilOptions): Promise<T> {
  const found: T[] = [];
  const fitted = async () => {
    const seen = await look();
    found[0] = seen;
    return fits(seen);
  };
  await until(fitted, options);
  // Where every look failed, one more tells why.
  return found.length === 0 ? look() : (found[0] as T);
}
