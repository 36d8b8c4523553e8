/** Reads a lab file: the one place where its faults become an error. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { isRepository } from '../model/charts';
import { type Fault, formatFaults } from '../model/fault';
import type { Lab, Mesh, Workload } from '../model/lab';
import { parseLab } from '../model/parse';
import { servicePrograms } from '../model/programs';
import { UsageError } from './errors';
import { expandHome } from './home';
import { root } from './root';

/** The lab that `npm start` raises. */
export const defaultConfig = join(root, 'labs/local.yaml');

/**
 * Reads and checks a lab file.
 * @param file path; the local lab without it
 * @throws UsageError that lists every fault of the file
 */
export function loadLab(file = defaultConfig): Lab {
  const shown = shownPath(file);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : 'can not be read';
    throw new UsageError(
      `${shown} ${reason}. Give the path of a lab file with --config or ISTHMUS_CONFIG; labs/local.yaml shows the form.`,
    );
  }
  const { lab, faults } = parseLab(text, (program) => existsSync(resolve(dirname(file), program)));
  if (lab === undefined) throw new UsageError(formatFaults(shown, faults));
  const found = withPaths(lab, dirname(file));
  const missing = missingCharts(found);
  if (missing.length > 0) throw new UsageError(formatFaults(shown, missing));
  return found;
}

/** A file's path as a person in this folder would write it. */
export function shownPath(file: string): string {
  const near = relative(process.cwd(), file);
  return near.startsWith('..') ? file : near;
}

/** The lab of a file without faults; undefined for any other. */
export function readableLab(file: string): Lab | undefined {
  try {
    return loadLab(file);
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

/**
 * The name of a lab file's lab, even when the file has faults: what is up can be taken down whatever became of its file.
 * @throws UsageError when not even a name can be read
 */
export function readLabName(file: string): string {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const name = /^name:\s*["']?([a-z][a-z0-9-]{0,19})["']?\s*(#.*)?$/m.exec(text)?.[1];
  if (name === undefined) throw new UsageError(`${file} names no lab. Give the lab's name: isthmus down NAME`);
  return name;
}

/** Paths in a lab file start from its folder, wherever the command runs. */
function withPaths(lab: Lab, folder: string): Lab {
  return withProgramPaths({ ...lab, meshes: lab.meshes.map((mesh) => withMeshPaths(mesh, folder)) }, folder);
}

function withMeshPaths(mesh: Mesh, folder: string): Mesh {
  const { place, charts } = mesh;
  const { source } = charts;
  const values = Object.entries(charts.values).map(([chart, file]) => [chart, ownPath(file, folder)]);
  return {
    ...mesh,
    place: place.platform === 'kubeconfig' ? { ...place, kubeconfig: fromHome(place.kubeconfig, folder) } : place,
    charts: {
      ...charts,
      ...(source === undefined || isRepository(source) ? {} : { source: ownPath(source, folder) }),
      values: Object.fromEntries(values),
    },
  };
}

/** `~/` stays as it is: the plan is then the same for everybody, and Terraform knows it, too. */
function fromHome(path: string, folder: string): string {
  return path === '~' || path.startsWith('~/') ? path : resolve(folder, path);
}

function ownPath(path: string, folder: string): string {
  return resolve(folder, expandHome(path));
}

function missingCharts({ meshes }: Lab): Fault[] {
  return meshes.flatMap(({ name, charts: { source, values } }): Fault[] => {
    const files = Object.entries(values).map(([chart, file]) => ({
      path: ['values', chart],
      file,
      what: 'a YAML file',
    }));
    const folders =
      source === undefined || isRepository(source)
        ? []
        : [
            {
              path: ['source'],
              file: source,
              what: 'a folder of charts, or the address of a repository (https:, oci:)',
            },
          ];
    return [...folders, ...files]
      .filter(({ file }) => !existsSync(file))
      .map(({ path, file, what }) => ({
        path: ['meshes', name, 'charts', ...path],
        value: file,
        problem: 'is not there',
        allowed: what,
        fix: 'mend the path (it starts from the folder of the lab file)',
      }));
  });
}

function withProgramPaths(lab: Lab, folder: string): Lab {
  const found = <W extends Workload>(workload: W): W =>
    workload.kind !== 'program' || servicePrograms.includes(workload.program)
      ? workload
      : { ...workload, program: resolve(folder, workload.program) };
  const services = lab.services.map((service) => ({
    ...service,
    workload: found(service.workload),
    containers: service.containers.map((container) => ({ ...container, workload: found(container.workload) })),
  }));
  return { ...lab, services };
}
