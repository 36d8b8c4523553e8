import { imageReference, labArchive } from '../../../scripts/machine/images';

const base = { tar: '/cache/base.tar', sha256: 'b'.repeat(64) };
const { images, layers } = labArchive(base, () => '/cache/program');
const all = Object.entries(images);

it('names images so that nothing can pull them', () => {
  expect(imageReference('pilot')).toBe('isthmus.invalid/pilot:lab');
  for (const [reference] of all) expect(reference).toMatch(/^isthmus\.invalid\/[a-z0-9]+:lab$/);
});

it.each(all)('%s runs as a numeric user that is not root', (_reference, { user }) => {
  expect(user).toMatch(/^[1-9]\d+:[1-9]\d+$/);
});

it.each(all)('%s starts a program that one of its layers brings', (_reference, { layers: names, entrypoint }) => {
  const files = names.flatMap((name) => {
    const layer = layers[name];
    return layer !== undefined && 'files' in layer ? Object.keys(layer.files) : [];
  });
  expect(files).toContain(entrypoint[0]?.slice(1));
});

it('puts the Debian base below everything but pause, which needs nothing', () => {
  const withoutBase = all.filter(([, image]) => image.layers[0] !== 'base').map(([reference]) => reference);
  expect(withoutBase).toEqual([imageReference('pause')]);
  expect(layers.base).toEqual(base);
});
