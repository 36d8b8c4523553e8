/**
 * Bundles every program of ours into one CommonJS file for Node 20 and later: `dist/programs/NAME.js`. A program whose
 * inputs are as they were is left alone. The same inputs give the same bytes on the same Node version (Node's own
 * Brotli packs the page).
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, extname, join, relative, resolve } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import type { Plugin } from 'esbuild';
import { labPrograms, programFile, servicePrograms } from '../model/programs';
import type { PageFile } from '../services/weather/frontend/files';
import { FailureError, UsageError } from './errors';
import { run } from './machine/exec';

/** Bytes that a bundle may have: it travels in a Helm release, which has to stay under 1 MiB. */
const largest = 900_000;

const root = resolve(__dirname, '..');

interface Program {
  readonly name: string;
  readonly entry: string;
  /** Folder of a front end that Vite builds into this program. */
  readonly page?: { readonly config: string; readonly inputs: readonly string[]; readonly replaces: string };
}

const frontend = 'services/weather/frontend';

const programs: readonly Program[] = [...servicePrograms, ...labPrograms].map((name) => ({
  name,
  entry: `services/${name}/main.ts`,
  ...(name === 'weather/frontend'
    ? {
        page: {
          config: `${frontend}/vite.config.mts`,
          inputs: [frontend, 'services/weather/common'],
          replaces: `${frontend}/files.ts`,
        },
      }
    : {}),
}));

/** Where the bundle of a program of ours is, by its name: `weather/backend`. */
export function bundleFile(name: string): string {
  return programFile(name, root);
}

export interface BundleOptions {
  /** Names of the programs to build; all without it. */
  readonly only?: readonly string[];
  /** Called with one line for each program that was built or skipped. */
  readonly report?: (line: string) => void;
}

/** Builds what is not up to date. Throws {@link FailureError} with every fault after all programs were tried. */
export async function bundle(options: BundleOptions = {}): Promise<void> {
  const { report = () => {} } = options;
  const tools = fingerprint(['package-lock.json', 'scripts/bundle.ts', 'tsconfig.json']);
  const faults: string[] = [];
  for (const program of chosen(options.only)) {
    if (!existsSync(join(root, program.entry))) {
      report(`${program.name}: skipped, there is no ${program.entry}`);
      continue;
    }
    if (isFresh(program, tools)) continue;
    try {
      report(`${program.name}: ${Math.ceil((await build(program, tools)) / 1000)} KB`);
    } catch (error) {
      faults.push(`${program.name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  if (faults.length > 0) throw new FailureError(`can't bundle ${faults.join('\n')}`);
}

function chosen(only: readonly string[] | undefined): readonly Program[] {
  if (only === undefined) return programs;
  return only.map((name) => {
    const program = programs.find((each) => each.name === name);
    if (program !== undefined) return program;
    throw new UsageError(`there is no program ${name}; programs: ${programs.map((each) => each.name).join(', ')}`);
  });
}

/** What a bundle was made from. A program is fresh when all of it is as it was. */
interface Stamp {
  readonly node: string;
  readonly tools: string;
  /** Repository paths of the sources, without dependencies: the lock file stands for those. */
  readonly inputs: readonly string[];
  readonly sources: string;
  readonly output: string;
}

function isFresh(program: Program, tools: string): boolean {
  let stamp: Stamp;
  try {
    stamp = JSON.parse(readFileSync(stampFile(program), 'utf8')) as Stamp;
    if (stamp.output !== hash(readFileSync(bundleFile(program.name)))) return false;
  } catch {
    return false;
  }
  const inputs = [...new Set([...stamp.inputs, ...pageInputs(program)])].sort();
  return stamp.node === process.version && stamp.tools === tools && stamp.sources === fingerprint(inputs);
}

/** @returns the bundle's size in bytes */
async function build(program: Program, tools: string): Promise<number> {
  const esbuild = await import('esbuild');
  const plugins =
    program.page === undefined ? [] : [withPage(program.page.replaces, await buildPage(program.page.config))];
  const result = await esbuild.build({
    absWorkingDir: root,
    entryPoints: [program.entry],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // ES modules where a package has them: what is not used can be left out of those.
    mainFields: ['module', 'main'],
    minify: true,
    legalComments: 'eof',
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins,
    logLevel: 'silent',
  });
  const output = result.outputFiles[0]?.contents ?? new Uint8Array();
  if (output.length > largest) {
    throw new FailureError(
      `the bundle has ${output.length} bytes; allowed: ${largest}. ${heaviest(result.metafile.outputs)}`,
    );
  }
  const own = Object.keys(result.metafile.inputs).filter((path) => !path.startsWith('node_modules/'));
  const inputs = [...new Set([...own, ...pageInputs(program)])].sort();
  const stamp: Stamp = { node: process.version, tools, inputs, sources: fingerprint(inputs), output: hash(output) };
  replace(bundleFile(program.name), output);
  replace(stampFile(program), JSON.stringify(stamp));
  return output.length;
}

function heaviest(
  outputs: Readonly<Record<string, { readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }>>,
): string {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  const top = inputs.sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput).slice(0, 5);
  return `Largest inputs: ${top.map(([path, { bytesInOutput }]) => `${path} ${bytesInOutput}`).join(', ')}`;
}

/** Puts the page's files in the place of the empty list in the sources. */
function withPage(module: string, files: readonly PageFile[]): Plugin {
  const path = join(root, module);
  return {
    name: 'page',
    setup: (build) => {
      build.onLoad({ filter: /files\.ts$/ }, (args) =>
        args.path === path
          ? { contents: `export const pageFiles = ${JSON.stringify(files)};`, loader: 'js' }
          : undefined,
      );
    },
  };
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** In a process of its own: Vite and React build for the NODE_ENV of their process, and callers have another one. */
async function buildPage(config: string): Promise<readonly PageFile[]> {
  mkdirSync(join(root, 'dist'), { recursive: true });
  const folder = mkdtempSync(join(root, 'dist', 'page-'));
  try {
    const vite = join(dirname(require.resolve('vite/package.json')), 'bin', 'vite.js');
    const args = [vite, 'build', '--config', config, '--outDir', folder, '--emptyOutDir', '--logLevel', 'error'];
    await run(process.execPath, args, { cwd: root, env: { NODE_ENV: 'production' }, timeout: 120_000 });
    return filesUnder(folder).map((file) => {
      const type = types[extname(file)];
      if (type === undefined)
        throw new FailureError(`no content type for ${relative(folder, file)}; add it in scripts/bundle.ts`);
      return { path: `/${relative(folder, file)}`, type, brotli: packed(readFileSync(file)).toString('base64') };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function packed(content: Buffer): Buffer {
  return brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
}

function pageInputs(program: Program): readonly string[] {
  return (program.page?.inputs ?? [])
    .flatMap((folder) => filesUnder(join(root, folder)))
    .map((file) => relative(root, file));
}

/** Files below a folder, sorted. */
function filesUnder(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function stampFile(program: Program): string {
  return join(root, 'dist/programs/.stamps', `${program.name.replaceAll('/', '-')}.json`);
}

/** Others may read the file meanwhile: they see the old one or the new one, never a part. */
function replace(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, content);
  renameSync(fresh, path);
}

/** One hash over files, names included; an absent file counts as empty. */
function fingerprint(paths: readonly string[]): string {
  const sum = createHash('sha256');
  for (const path of paths) sum.update(`${path} ${hash(contentOf(join(root, path)))}\n`);
  return sum.digest('hex');
}

function contentOf(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch {
    return new Uint8Array();
  }
}

function hash(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

if (require.main === module) {
  const names = process.argv.slice(2);
  const report = (line: string) => process.stdout.write(`${line}\n`);
  bundle({ report, ...(names.length > 0 && { only: names }) }).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = error instanceof UsageError ? error.exitCode : 1;
  });
}
