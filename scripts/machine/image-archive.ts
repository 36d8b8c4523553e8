/** Writes container images as one docker-archive, without Docker: the same files always give the same bytes. */
import { createHash } from 'node:crypto';
import { copyFileSync, linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sha256 } from './cache';
import { run } from './exec';
import type { Fetch } from './fetch';

export interface Image {
  /** Layer names, lowest first. */
  readonly layers: readonly string[];
  /** `UID:GID`, numeric: Kubernetes' `runAsNonRoot` can judge no other. */
  readonly user: string;
  readonly entrypoint: readonly string[];
}

/** A layer that is a tar file already, or files to make one of: place in the image → file of this machine. */
export type Layer =
  | { readonly tar: string; readonly sha256: string }
  | { readonly files: Readonly<Record<string, string>> };

/** The archive's content: images by their full reference, layers by name. A layer that several share is in it once. */
export interface Archive {
  readonly images: Readonly<Record<string, Image>>;
  readonly layers: Readonly<Record<string, Layer>>;
}

/** Writes `images.tar` into a folder. */
export async function writeArchive(folder: string, archive: Archive, fetch: Fetch): Promise<void> {
  const parts = join(folder, 'parts');
  mkdirSync(parts);
  const digests = new Map<string, string>();
  for (const [name, layer] of Object.entries(archive.layers)) {
    fetch.say(`layer ${name}`);
    digests.set(name, 'tar' in layer ? placeTar(parts, layer) : await makeLayer(parts, layer.files, fetch));
  }
  const manifest = Object.entries(archive.images).map(([reference, image]) => {
    const own = image.layers.map((layer) => known(digests, layer));
    const config = JSON.stringify(imageConfig(image, own));
    const file = `${createHash('sha256').update(config).digest('hex')}.json`;
    writeFileSync(join(parts, file), config);
    return { Config: file, RepoTags: [reference], Layers: own.map((digest) => `${digest}.tar`) };
  });
  writeFileSync(join(parts, 'manifest.json'), JSON.stringify(manifest));
  fetch.say('archive');
  await run('tar', [...reproducible, '-C', parts, '-cf', join(folder, 'images.tar'), '.'], abortable(fetch));
  rmSync(parts, { recursive: true });
}

/** The docker-archive config of an image: what containerd needs to run it. */
export function imageConfig(image: Image, digests: readonly string[]): unknown {
  return {
    architecture: 'amd64',
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: { User: image.user, Entrypoint: image.entrypoint, Env: [path], WorkingDir: '/' },
    rootfs: { type: 'layers', diff_ids: digests.map((digest) => `sha256:${digest}`) },
    history: digests.map(() => ({ created: '1970-01-01T00:00:00Z' })),
  };
}

const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const reproducible = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--format=gnu'];

function placeTar(parts: string, layer: { readonly tar: string; readonly sha256: string }): string {
  placeFile(layer.tar, join(parts, `${layer.sha256}.tar`));
  return layer.sha256;
}

async function makeLayer(parts: string, files: Readonly<Record<string, string>>, fetch: Fetch): Promise<string> {
  const root = join(parts, 'root');
  for (const [place, source] of Object.entries(files)) {
    mkdirSync(dirname(join(root, place)), { recursive: true });
    placeFile(source, join(root, place));
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

function known(digests: ReadonlyMap<string, string>, layer: string): string {
  const digest = digests.get(layer);
  if (digest === undefined) throw new Error(`an image wants layer ${layer}, which is not in the archive`);
  return digest;
}

function abortable(fetch: Fetch): { signal?: AbortSignal } {
  return fetch.signal === undefined ? {} : { signal: fetch.signal };
}
