/** The bundled programs of a service's pod. */
import type { Service } from '../model/lab';
import { bundledProgram, type Program } from './program';

/** The programs of a service's pod. What is an image has none. */
export interface Programs {
  /** @default - the service runs an image, or is there already */
  readonly own?: Program;
  /** By side container. */
  readonly beside: ReadonlyMap<string, Program>;
}

/** Throws when a program's file is not there. */
export function programsOf({ workload, containers }: Service): Programs {
  return {
    ...(workload.kind === 'program' ? { own: bundledProgram(workload.program) } : {}),
    beside: new Map(
      containers.flatMap(({ name, workload: runs }) =>
        runs.kind === 'program' ? [[name, bundledProgram(runs.program)] as const] : [],
      ),
    ),
  };
}
