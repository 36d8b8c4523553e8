import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { hashOf, Record } from '../../../scripts/plan/record';
import { temporaryFolder } from '../../support/folder';
import { planned } from '../../support/plans';

const folder = temporaryFolder();
const fresh = () => mkdtempSync(join(folder, 'r-'));

describe('a record', () => {
  test('is empty when there is no file, and makes its folder for its owner only', () => {
    const file = join(fresh(), 'plan', 'applied.json');
    const record = new Record(file);
    expect(record.all()).toEqual([]);
    record.set(planned('s/a'), 'h');
    expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
  });

  test('is on disk after every change', () => {
    const file = join(fresh(), 'applied.json');
    const record = new Record(file);
    const again = () => new Record(file).all();
    record.set(planned('s/a', [], { x: 1 }), 'one');
    record.set(planned('s/b', ['s/a']), 'two');
    expect(again()).toEqual([
      { ...planned('s/a', [], { x: 1 }), hash: 'one' },
      { ...planned('s/b', ['s/a']), hash: 'two' },
    ]);
    record.set(planned('s/a', [], { x: 2 }), 'three');
    expect(new Record(file).get('s/terraform_data.a')).toMatchObject({ hash: 'three', values: { x: 2 } });
    record.delete('s/terraform_data.a');
    expect(again().map(({ id }) => id)).toEqual(['s/terraform_data.b']);
    expect(new Record(file).get('s/terraform_data.a')).toBeUndefined();
  });

  test('is replaced whole: a new one that was never finished changes nothing', () => {
    const file = join(fresh(), 'applied.json');
    new Record(file).set(planned('s/a'), 'h');
    // A process that was killed while it wrote.
    writeFileSync(`${file}.new`, '[{"id":"s/terr');
    expect(new Record(file).all()).toHaveLength(1);
    new Record(file).set(planned('s/b'), 'h');
    expect(readdirSync(dirname(file))).toEqual(['applied.json']);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toHaveLength(2);
  });

  test('never has another inode half written: readers see the old file or the new one', () => {
    const file = join(fresh(), 'applied.json');
    const record = new Record(file);
    record.set(planned('s/a'), 'h');
    const { ino } = statSync(file);
    record.set(planned('s/b'), 'h');
    expect(statSync(file).ino).not.toBe(ino);
  });
});

describe('the hash of a resource', () => {
  const chart = (files: { readonly [path: string]: string }) => {
    const at = fresh();
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(at, 'chart', path)), { recursive: true });
      writeFileSync(join(at, 'chart', path), text);
    }
    return { ...planned('s/a', [], { chart: 'chart', name: 'web' }), type: 'helm_release' as const, folder: at };
  };
  const files = { 'Chart.yaml': 'name: x', 'templates/a.yaml': 'a: 1', 'program/main.js': 'run()' };

  test('changes with any value', () => {
    const values = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.array(fc.string())), { maxKeys: 3 });
    fc.assert(
      fc.property(values, values, (a, b) => {
        const same = JSON.stringify(a) === JSON.stringify(b);
        expect(hashOf(planned('s/a', [], a)) === hashOf(planned('s/a', [], b))).toBe(same);
      }),
    );
  });

  test('does not change with the place of the checkout, the dependencies or the stack', () => {
    const first = chart(files);
    const at = fresh();
    cpSync(join(first.folder, 'chart'), join(at, 'chart'), { recursive: true });
    expect(hashOf({ ...first, folder: at, stack: 't', id: 't/x', dependsOn: ['y'] })).toBe(hashOf(first));
  });

  test.each([
    ['a template', { ...files, 'templates/a.yaml': 'a: 2' }],
    ['the program', { ...files, 'program/main.js': 'go()' }],
    ['one file more', { ...files, 'templates/b.yaml': '' }],
    ['one file less', { 'Chart.yaml': 'name: x', 'templates/a.yaml': 'a: 1' }],
    ['a file of another name', { 'Chart.yaml': 'name: x', 'templates/b.yaml': 'a: 1', 'program/main.js': 'run()' }],
    ['a file in another folder', { 'Chart.yaml': 'name: x', 'a.yaml': 'a: 1', 'program/main.js': 'run()' }],
    [
      'a letter that moves from the name into the text',
      { ...files, 'templates/a.yam': 'la: 1', 'templates/a.yaml': '' },
    ],
  ])('changes with %s of its chart', (_what, other) => {
    expect(hashOf(chart(other))).not.toBe(hashOf(chart(files)));
    expect(hashOf(chart(files))).toBe(hashOf(chart(files)));
  });

  test('reads no files of another type', () => {
    expect(() => hashOf({ ...planned('s/a', [], { chart: 'nowhere' }), type: 'terraform_data' })).not.toThrow();
    expect(() => hashOf({ ...planned('s/a', [], { chart: 'nowhere' }), type: 'helm_release' })).toThrow('ENOENT');
  });
});
