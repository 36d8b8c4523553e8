/** Place names as people type them. */

/** Longest name that is accepted; the longest real one in use has 85 letters. */
const longestName = 100;

/** Letters that Unicode does not decompose. */
const plain: Readonly<Record<string, string>> = {
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ı: 'i',
};

/** Lower case without diacritics, words joined by single spaces: `São  Paulo` and `sao-paulo` are both `sao paulo`. */
export function fold(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[øłđðþßæœı]/g, (letter) => plain[letter] ?? letter)
    .replace(/[^\p{Letter}\p{Number}]+/gu, ' ')
    .trim();
}

/** Path segment of a place: `sao-paulo`. Empty when the name holds no letter or digit. */
export function placeId(name: string): string {
  return fold(name).replaceAll(' ', '-');
}

/** Why a name can't be used, or undefined. */
export function nameFault(name: string): string | undefined {
  if (name.length > longestName) return `longer than ${longestName} characters`;
  if (/\p{Control}/u.test(name)) return 'it holds control characters';
  return fold(name) === '' ? 'it holds no letter or digit' : undefined;
}
