/** The suite as a whole: what it holds, and how a part of it is chosen. */
import { attacks, chosen } from '../../../scripts/attack/catalogue';
import { formatList } from '../../../scripts/attack/suite';

test('every attack has an id of its own in its group, a title and something that it serves', () => {
  expect(new Set(attacks.map(({ id }) => id)).size).toBe(attacks.length);
  for (const { id, group, title, serves } of attacks) {
    expect(id).toMatch(new RegExp(`^${group}/[a-z0-9-]+$`));
    expect([id, title.length > 10]).toEqual([id, true]);
    expect([id, serves.length > 0]).toEqual([id, true]);
  }
});

const part = /^M([1-9]|1[0-7])$/;
const item = /^SP 800-(204A SM-DR\d+|204B [A-Z]+-SR-\d+|207A)$/;
const report =
  /^https:\/\/github\.com\/[\w.-]+\/[\w.-]+\/(issues|pull)\/\d+$|^https:\/\/nvd\.nist\.gov\/vuln\/detail\/CVE-\d{4}-\d+$/;

test.each(attacks.flatMap(({ id, serves }) => serves.map((served) => [id, served] as const)))(
  '%s serves something that can be looked up: %s',
  (_id, served) => {
    expect([part, item, report].some((form) => form.test(served))).toBe(true);
  },
);

test('a known limit has a detection, and nothing else has', () => {
  for (const { id, group, detect } of attacks)
    expect([id, detect !== undefined]).toEqual([id, group === 'known-limit']);
});

test('ids and groups choose; no name chooses all', () => {
  expect(chosen([])).toBe(attacks);
  expect(chosen(['identity']).every(({ group }) => group === 'identity')).toBe(true);
  expect(chosen(['gateway/no-sni', 'identity/expired']).map(({ id }) => id)).toEqual([
    'identity/expired',
    'gateway/no-sni',
  ]);
});

test('every unknown name is told, with the nearest one', () => {
  expect(() => chosen(['identiy', 'gateway/no-sni', 'x'])).toThrow(
    'no attack and no group "identiy". Did you mean identity?\nno attack and no group "x".\nAll of them: isthmus attack list',
  );
});

test('the list has them all', () => {
  const text = formatList([]);
  for (const { id, title } of attacks) {
    expect(text).toContain(id);
    expect(text).toContain(title);
  }
});
