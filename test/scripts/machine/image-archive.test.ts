import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../../scripts/machine/exec';
import { type Archive, imageConfig, writeArchive } from '../../../scripts/machine/image-archive';

const silent = { say: () => {} };
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'isthmus-archive-test-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

function archive(): Archive {
  const program = join(folder, 'program');
  const tar = join(folder, 'base.tar');
  writeFileSync(program, '#!/bin/sh\n', { mode: 0o700 });
  writeFileSync(tar, 'a tar');
  return {
    images: {
      'x.invalid/one:lab': { layers: ['base', 'tool'], user: '5:5', entrypoint: ['/bin/tool'] },
      'x.invalid/two:lab': { layers: ['tool'], user: '6:6', entrypoint: ['/bin/tool'] },
    },
    layers: { base: { tar, sha256: hash(readFileSync(tar)) }, tool: { files: { 'bin/tool': program } } },
  };
}

async function write(name: string): Promise<string> {
  const into = join(folder, name);
  mkdirSync(into);
  await writeArchive(into, archive(), silent);
  return join(into, 'images.tar');
}

async function unpack(file: string): Promise<string> {
  const into = join(folder, 'unpacked');
  mkdirSync(into);
  await run('tar', ['-xf', file, '-C', into]);
  return into;
}

const hash = (content: Buffer) => createHash('sha256').update(content).digest('hex');

it('gives the same bytes for the same files, whenever they were made', async () => {
  const first = readFileSync(await write('first'));
  utimesSync(join(folder, 'program'), 1, 1);
  expect(readFileSync(await write('second')).equals(first)).toBe(true);
});

it('has each layer once, under its own hash, and a config that names the same hashes', async () => {
  const into = await unpack(await write('out'));
  const read = (file: string) => readFileSync(join(into, file));
  const manifest = JSON.parse(read('manifest.json').toString());
  const [one, two] = manifest;
  expect(manifest.map((entry: { RepoTags: string[] }) => entry.RepoTags)).toEqual([
    ['x.invalid/one:lab'],
    ['x.invalid/two:lab'],
  ]);
  expect(one.Layers[1]).toBe(two.Layers[0]);
  for (const { Config, Layers } of manifest) {
    const digests = Layers.map((layer: string) => `sha256:${hash(read(layer))}`);
    expect(Layers).toEqual(digests.map((digest: string) => `${digest.slice('sha256:'.length)}.tar`));
    expect(JSON.parse(read(Config).toString()).rootfs.diff_ids).toEqual(digests);
    expect(Config).toBe(`${hash(read(Config))}.json`);
  }
});

it('lets every user of the image run a program, whatever its mode here', async () => {
  const into = await unpack(await write('out'));
  const [, two] = JSON.parse(readFileSync(join(into, 'manifest.json'), 'utf8'));
  const { stdout } = await run('tar', ['-tvf', join(into, two.Layers[0])]);
  expect(stdout).toMatch(/^-rwxr-xr-x 0\/0 .* \.\/bin\/tool$/m);
});

it('says when an image wants a layer that is not there', async () => {
  const { images } = archive();
  await expect(writeArchive(folder, { images, layers: {} }, silent)).rejects.toThrow('wants layer base');
});

it('tells containerd the user, the program and the layers', () => {
  const image = { layers: ['a'], user: '5:5', entrypoint: ['/x'] };
  expect(imageConfig(image, ['d1'])).toMatchObject({
    architecture: 'amd64',
    config: { User: '5:5', Entrypoint: ['/x'] },
    rootfs: { diff_ids: ['sha256:d1'] },
  });
});
