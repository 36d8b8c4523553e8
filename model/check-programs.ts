/** Checks of the programs that a lab file names: that each is one of ours, or a file that is there. */
import type { LooseLab } from './check';
import type { Fault } from './fault';
import { nearest } from './nearest';
import { servicePrograms } from './programs';

/** @param isThere whether a path, as it stands in the file, leads to a file */
export function checkPrograms({ services }: LooseLab, isThere: (path: string) => boolean): Fault[] {
  const named = services.flatMap(({ id, value }) => [
    { path: ['services', id, 'program'], program: value?.program },
    ...Object.entries(value?.containers ?? {}).map(([name, { program }]) => ({
      path: ['services', id, 'containers', name, 'program'],
      program,
    })),
  ]);
  return named.flatMap(({ path, program }): Fault[] => {
    if (program === undefined || servicePrograms.includes(program) || isThere(program)) return [];
    const meant = nearest(program, servicePrograms);
    return [
      {
        path,
        value: program,
        problem: 'is not there',
        allowed: `${servicePrograms.join(', ')}, or the path of a bundled JavaScript file`,
        fix:
          meant === undefined
            ? 'bundle the program first, or mend the path (it starts from the folder of the lab file)'
            : `did you mean ${meant}?`,
      },
    ];
  });
}
