/**
 * The lab's container images: a Debian base from mmdebstrap and the pinned programs as layers. All names end in
 * `.invalid`, so that nothing can ever pull them.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mesh } from '../../model/lab';
import { uids } from '../../model/local';
import { versions } from '../../model/versions';
import { bootstrapTemplate, locate, missingProducts } from './binaries';
import { entryFile, entryHash, findEntry, makeEntry, removeEntries, verifyEntry } from './cache';
import { run } from './exec';
import type { Fetch } from './fetch';
import { type Archive, type Image, writeArchive } from './image-archive';
import { ctr, nodeFolder } from './node';
import { type BinaryName, productKey, productOf } from './products';

export type ImageName = keyof typeof images;

/** Full reference of one of the lab's images. */
export function imageReference(name: ImageName): string {
  return `isthmus.invalid/${name}:lab`;
}

/** Part of the cache key: raise it when this file makes other images from the same programs. */
const format = 1;

// dash is `sh`, with which a federation plane on somebody's cluster takes Consul out of its image.
const basePackages = ['bash', 'dash', 'coreutils', 'iptables', 'libstdc++6', 'ca-certificates'];
const baseKey = `base-${versions.debian}-${basePackages.length}`;

/** Files of each layer that is not the base: place in the image → program or file of this machine. */
const layers: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  pause: { pause: () => locate('pause') },
  proxy: {
    'usr/local/bin/envoy': () => locate('envoy'),
    'usr/local/bin/pilot-agent': () => locate('pilot-agent'),
    'var/lib/istio/envoy/envoy_bootstrap_tmpl.json': bootstrapTemplate,
  },
  pilot: { 'usr/local/bin/pilot-discovery': () => locate('pilot-discovery') },
  node: { 'usr/local/bin/node': () => locate('node') },
  consul: { 'usr/local/bin/consul': () => locate('consul') },
};

// 1337 is the user whose traffic Istio's rules leave alone.
const images = {
  pause: { layers: ['pause'], user: '65535:65535', entrypoint: ['/pause'] },
  proxyv2: { layers: ['base', 'proxy'], user: '1337:1337', entrypoint: ['/usr/local/bin/pilot-agent'] },
  pilot: { layers: ['base', 'pilot'], user: '1337:1337', entrypoint: ['/usr/local/bin/pilot-discovery'] },
  node: {
    layers: ['base', 'node'],
    user: `${uids.podProgram}:${uids.podProgram}`,
    entrypoint: ['/usr/local/bin/node'],
  },
  plane: {
    layers: ['base', 'node', 'consul'],
    user: `${uids.planeConsul}:${uids.planeConsul}`,
    entrypoint: ['/usr/local/bin/consul'],
  },
} as const satisfies Record<string, Image>;

/** The images' archive, with files where `fileOf` finds them. */
export function labArchive(
  base: { readonly tar: string; readonly sha256: string },
  fileOf: (source: () => string) => string = (source) => source(),
): Archive {
  const files = (places: Readonly<Record<string, () => string>>) =>
    Object.fromEntries(Object.entries(places).map(([place, source]) => [place, fileOf(source)]));
  const made = Object.entries(layers).map(([name, places]) => [name, { files: files(places) }]);
  const named = imageNames.map((name) => [imageReference(name), images[name]]);
  return { images: Object.fromEntries(named), layers: { base, ...Object.fromEntries(made) } };
}

const imageNames = Object.keys(images) as ImageName[];

/** Makes the Debian base unless the cache has it. It needs none of the lab's programs, so it can be made beside them. */
export async function ensureBase(fetch: Fetch): Promise<void> {
  await makeEntry(baseKey, async (folder) => {
    fetch.say(`Debian ${versions.debian} base`);
    const file = join(folder, 'base.tar');
    const args = ['--quiet', '--variant=extract', `--include=${basePackages.join(',')}`, versions.debian, file];
    await run('mmdebstrap', args, { endsWithUs: true, ...(fetch.signal && { signal: fetch.signal }) });
  });
}

/** Whether {@link ensureBase} would have to make it. */
export function baseMissing(): boolean {
  return findEntry(baseKey) === undefined;
}

/** Builds the archive of all images unless the cache has it. Returns its cache key. */
export async function ensureImages(fetch: Fetch): Promise<string> {
  const key = imagesKey();
  if (findEntry(key) !== undefined) return key;
  await verifyPrograms();
  await ensureBase(fetch);
  const base = { tar: entryFile(baseKey, 'base.tar'), sha256: entryHash(baseKey, 'base.tar') };
  await makeEntry(key, (folder) => writeArchive(folder, labArchive(base), fetch));
  // Half a gigabyte each, and made again in seconds should an older one be wanted.
  removeEntries((other) => other.startsWith('images-') && other !== key);
  return key;
}

/** Whether {@link ensureImages} would have to build. */
export function imagesMissing(): boolean {
  return missingProducts().length > 0 || findEntry(imagesKey()) === undefined;
}

/** Imports the images into a mesh's node unless it has exactly these. */
export async function importImages(lab: string, mesh: Mesh, signal?: AbortSignal): Promise<void> {
  const key = imagesKey();
  const record = join(nodeFolder(lab, mesh.name), 'images');
  const imported = existsSync(record) && readFileSync(record, 'utf8') === key;
  const present = imported ? (await ctr(lab, mesh.name, ['images', 'list', '--quiet'])).split('\n') : [];
  if (imported && imageNames.every((name) => present.includes(imageReference(name)))) return;
  await ctr(lab, mesh.name, ['images', 'import', entryFile(key, 'images.tar')], signal);
  writeFileSync(`${record}.new`, key);
  renameSync(`${record}.new`, record);
}

/** The images change when one of their programs does. Programs from outside the cache count by size and time. */
function imagesKey(): string {
  const inputs = Object.values(layers).flatMap((files) => Object.values(files).map((source) => source()));
  const marks = inputs.map((file) => {
    const { size, mtimeMs } = statSync(file);
    return `${file} ${size} ${mtimeMs}`;
  });
  const text = JSON.stringify([format, basePackages, images, marks]);
  return `images-${createHash('sha256').update(text).digest('hex').slice(0, 12)}`;
}

/** The one moment when a damaged program would be copied on, so every hash is computed. */
async function verifyPrograms(): Promise<void> {
  const programs: BinaryName[] = ['pause', 'envoy', 'pilot-agent', 'pilot-discovery', 'node', 'consul'];
  for (const key of new Set(programs.map((name) => productKey(productOf(name))))) {
    if (findEntry(key) !== undefined) await verifyEntry(key);
  }
  if (findEntry(baseKey) !== undefined) await verifyEntry(baseKey);
}
