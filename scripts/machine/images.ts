/**
 * The lab's container images, made without Docker: a Debian base from mmdebstrap and the pinned programs as layers, in
 * one docker-archive that holds every layer once. All names end in `.invalid`, so that nothing can ever pull them.
 */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Mesh } from '../../model/lab';
import { uids } from '../../model/local';
import { versions } from '../../model/versions';
import { bootstrapTemplate, locate } from './binaries';
import { entryFile, entryHash, findEntry, makeEntry, sha256, verifyEntry } from './cache';
import { run } from './exec';
import type { Fetch } from './fetch';
import { ctr, nodeFolder } from './node';
import { type BinaryName, productKey, productOf } from './products';

export type ImageName = keyof typeof images;

/** Full reference of one of the lab's images. */
export function imageReference(name: ImageName): string {
  return `isthmus.invalid/${name}:lab`;
}

/** Part of the cache key: raise it when this file makes other images from the same programs. */
const format = 1;

const baseKey = `base-${versions.debian}`;
const basePackages = ['bash', 'coreutils', 'iptables', 'libstdc++6', 'ca-certificates'];
const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

interface Image {
  readonly layers: readonly LayerName[];
  readonly user: string;
  readonly entrypoint: readonly string[];
}

type LayerName = 'base' | 'pause' | 'proxy' | 'pilot' | 'node' | 'consul';

/** Files of each layer that is not the base: place in the image → program or file of this machine. */
const layers: Readonly<Record<Exclude<LayerName, 'base'>, Readonly<Record<string, () => string>>>> = {
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

// Kubernetes' `runAsNonRoot` needs a numeric user here; 1337 is the one whose traffic Istio's rules leave alone.
const images = {
  pause: { layers: ['pause'], user: '65535:65535', entrypoint: ['/pause'] },
  proxyv2: { layers: ['base', 'proxy'], user: '1337:1337', entrypoint: ['/usr/local/bin/pilot-agent'] },
  pilot: { layers: ['base', 'pilot'], user: '1337:1337', entrypoint: ['/usr/local/bin/pilot-discovery'] },
  node: { layers: ['base', 'node'], user: `${uids.app}:${uids.app}`, entrypoint: ['/usr/local/bin/node'] },
  plane: {
    layers: ['base', 'node', 'consul'],
    user: `${uids.consul}:${uids.consul}`,
    entrypoint: ['/usr/local/bin/consul'],
  },
} as const satisfies Record<string, Image>;

/** Builds the archive of all images unless the cache has it. Returns its cache key. */
export async function ensureImages(fetch: Fetch): Promise<string> {
  const key = imagesKey();
  if (findEntry(key) !== undefined) return key;
  await verifyPrograms();
  await makeEntry(baseKey, (folder) => makeBase(join(folder, 'base.tar'), fetch));
  await makeEntry(key, (folder) => makeArchive(folder, fetch));
  return key;
}

/** Whether {@link ensureImages} would have to build. */
export function imagesMissing(): boolean {
  return findEntry(imagesKey()) === undefined;
}

/** Imports the images into a mesh's node unless it has exactly these. */
export async function importImages(lab: string, mesh: Mesh, signal?: AbortSignal): Promise<void> {
  const key = imagesKey();
  const record = join(nodeFolder(lab, mesh.name), 'images');
  const names = Object.keys(images) as ImageName[];
  const imported = existsSync(record) && readFileSync(record, 'utf8') === key;
  const present = imported ? (await ctr(lab, mesh.name, ['images', 'list', '--quiet'])).split('\n') : [];
  if (imported && names.every((name) => present.includes(imageReference(name)))) return;
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

async function makeBase(file: string, fetch: Fetch): Promise<void> {
  fetch.say(`Debian ${versions.debian} base`);
  const args = ['--quiet', '--variant=extract', `--include=${basePackages.join(',')}`, versions.debian, file];
  await run('mmdebstrap', args, abortable(fetch));
}

async function makeArchive(folder: string, fetch: Fetch): Promise<void> {
  const parts = join(folder, 'parts');
  mkdirSync(parts);
  const made = new Map<LayerName, string>([['base', await placeBase(parts)]]);
  for (const name of Object.keys(layers) as Exclude<LayerName, 'base'>[]) {
    fetch.say(`layer ${name}`);
    made.set(name, await makeLayer(parts, name, fetch));
  }
  const manifest = Object.entries<Image>(images).map(([name, image]) => {
    const digests = image.layers.map((layer) => made.get(layer) ?? '');
    const config = JSON.stringify(imageConfig(image, digests));
    const file = `${createHash('sha256').update(config).digest('hex')}.json`;
    writeFileSync(join(parts, file), config);
    return {
      Config: file,
      RepoTags: [imageReference(name as ImageName)],
      Layers: digests.map((digest) => `${digest}.tar`),
    };
  });
  writeFileSync(join(parts, 'manifest.json'), JSON.stringify(manifest));
  fetch.say('archive');
  await run('tar', [...reproducible, '-C', parts, '-cf', join(folder, 'images.tar'), '.'], abortable(fetch));
  rmSync(parts, { recursive: true });
}

/** The docker-archive config of an image: what containerd needs to run it. */
function imageConfig(image: Image, digests: readonly string[]): unknown {
  return {
    architecture: 'amd64',
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: { User: image.user, Entrypoint: image.entrypoint, Env: [path], WorkingDir: '/' },
    rootfs: { type: 'layers', diff_ids: digests.map((digest) => `sha256:${digest}`) },
    history: digests.map(() => ({ created: '1970-01-01T00:00:00Z' })),
  };
}

async function placeBase(parts: string): Promise<string> {
  const digest = entryHash(baseKey, 'base.tar');
  placeFile(entryFile(baseKey, 'base.tar'), join(parts, `${digest}.tar`));
  return digest;
}

const reproducible = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--format=gnu'];

async function makeLayer(parts: string, name: Exclude<LayerName, 'base'>, fetch: Fetch): Promise<string> {
  const root = join(parts, `root-${name}`);
  for (const [place, source] of Object.entries(layers[name])) {
    mkdirSync(dirname(join(root, place)), { recursive: true });
    placeFile(source(), join(root, place));
  }
  const file = join(parts, 'layer.tar');
  const modes = ['--mode=u=rwX,go=rX'];
  await run('tar', [...reproducible, ...modes, '-C', root, '-cf', file, '.'], abortable(fetch));
  rmSync(root, { recursive: true });
  const digest = await sha256(file);
  renameSync(file, join(parts, `${digest}.tar`));
  return digest;
}

/** A second name for a file, or a copy where it is on another file system. */
function placeFile(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}

function abortable(fetch: Fetch): { signal?: AbortSignal } {
  return fetch.signal === undefined ? {} : { signal: fetch.signal };
}
