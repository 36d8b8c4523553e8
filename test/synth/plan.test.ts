/** What holds for the plan of every lab. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { parse } from 'yaml';
import { readPlan } from '../../scripts/plan/read';
import { awsLabs } from '../support/aws-labs';
import { expressions } from '../support/expressions';
import { labFile, labOf, labs, localLab, root, smallFile } from '../support/labs';
import { programText } from '../support/programs';
import { helmValues, kubeObjects, ofKind, type Plan, resources, synthesise } from '../support/synth';

jest.mock('../../constructs/program', () => jest.requireActual('../support/programs'));

const own = { port: 8080, program: 'a.js', env: { TRICKY: '${a} %{b} $${{c}}', YES: 'yes' } };

/** Everything that a lab may have, at least once. */
const rich = labOf({
  services: { ...smallFile.services, 'west/apps/web': own, 'east/shop': { ...own, expose: 'page' }, 'east/store': own },
  access: [
    ...smallFile.access,
    { from: 'east/shop', to: 'east/store' },
    { from: 'west/apps/web', to: 'east/store', paths: ['/items/', '/total'] },
  ],
});

const plans: readonly Plan[] = [
  synthesise(localLab()),
  synthesise(rich, { variables: ['OPENWEATHER_API_KEY'] }),
  synthesise(labFile('kubeconfig'), { variables: ['OPENWEATHER_API_KEY'] }),
  ...fc.sample(labs, { numRuns: 5, seed: 20261123 }).map((lab) => synthesise(lab)),
];
const each = (check: (plan: Plan) => void) => plans.forEach(check);

test('the labs are worth looking at', () => {
  const text = plans.flatMap(({ stacks }) => stacks.map((stack) => stack.text)).join('');
  for (const mark of ['$${', '%%{', 'own-connection', 'Listeners', 'DestinationName']) expect(text).toContain(mark);
});

describe('every plan', () => {
  test('has the stacks of both meshes and the pairing, each on the layers below it', () => {
    each(({ stacks }) => {
      const by = new Map(stacks.map((stack) => [stack.name, stack.dependencies]));
      const meshes = [...by.keys()].flatMap((name) => (name.startsWith('mesh-') ? [name.slice('mesh-'.length)] : []));
      expect(meshes).toHaveLength(2);
      // Pods are in one of the two only, on this machine.
      const guards = [...by.keys()].filter((name) => name.startsWith('guard-'));
      expect(guards).toHaveLength(1);
      expect(by.size).toBe(8);
      for (const mesh of meshes) {
        expect(by.get(`mesh-${mesh}`)).toEqual([]);
        const guard = guards.filter((name) => name === `guard-${mesh}`);
        // It comes up beside the mesh, and is there before the first guarded pod.
        for (const name of guard) expect(by.get(name)).toEqual([]);
        expect(by.get(`federation-${mesh}`)?.toSorted()).toEqual([...guard, `mesh-${mesh}`]);
        expect(by.get(`weather-${mesh}`)).toEqual([`federation-${mesh}`]);
      }
      expect(by.get('pairing')?.toSorted()).toEqual(meshes.map((mesh) => `federation-${mesh}`).toSorted());
    });
  });

  test('holds the four resource types that the runner applies, and no other', () => {
    const types = new Set(plans.flatMap((plan) => resources(plan).map(({ type }) => type)));
    expect([...types].toSorted()).toEqual([
      'consul_config_entry',
      'helm_release',
      'kubernetes_namespace_v1',
      'terraform_data',
    ]);
  });

  test('has one provider of each type in a stack, without alias, for each resource there', () => {
    each((plan) => {
      for (const { name, provider } of plan.stacks) {
        for (const list of Object.values(provider)) {
          expect(list).toHaveLength(1);
          expect(list[0]).not.toHaveProperty('alias');
        }
        const needed = resources(plan)
          .filter(({ stack, type }) => stack === name && type !== 'terraform_data')
          .map(({ type }) => type.split('_')[0] ?? '');
        expect(Object.keys(provider)).toEqual(expect.arrayContaining([...new Set(needed)]));
      }
    });
  });

  test('holds no Terraform expression: text that is data is escaped', () => {
    each((plan) => expect(expressions(plan)).toEqual([]));
  });

  test('is read by the runner, resource by resource', () => {
    each((plan) => {
      const read = readPlan(plan.folder);
      expect(read.map(({ id }) => id)).toEqual(resources(plan).map(({ stack, address }) => `${stack}/${address}`));
      const ids = new Set(read.map(({ id }) => id));
      for (const { id, dependsOn } of read) {
        expect(dependsOn.filter((below) => !ids.has(below))).toEqual([]);
        expect(dependsOn).not.toContain(id);
      }
    });
  });

  test('depends inside a stack on that stack only', () => {
    each((plan) => {
      for (const { stack, values } of resources(plan)) {
        const own = resources(plan).flatMap((other) => (other.stack === stack ? [other.address] : []));
        expect(own).toEqual(expect.arrayContaining([...((values.depends_on ?? []) as string[])]));
      }
    });
  });

  test('keeps its state beside the checkout, not at a path of this machine', () => {
    each(({ stacks }) => {
      for (const { name, terraform, text } of stacks) {
        expect(terraform.backend).toEqual({ local: { path: `../../../terraform.${name}.tfstate` } });
        expect(text).not.toContain(root);
        expect(text).not.toMatch(/\/tmp\/|\/home\/|\/root\//);
      }
    });
  });

  test('runs no command but our own', () => {
    const commands = plans.flatMap(({ stacks }) =>
      stacks.flatMap(({ text }) => [...text.matchAll(/"command": "([^"]*)"/g)].map(([, command]) => command)),
    );
    expect([...new Set(commands)].toSorted()).toEqual(
      ['host apply', 'host remove', 'pair', 'unpair'].map((verb) => `../../../isthmus ${verb}`),
    );
  });
});

describe('what Helm gets', () => {
  const releases = (plan: Plan) => resources(plan).filter(({ type }) => type === 'helm_release');

  test('has names that Helm takes, each once in its namespace', () => {
    each((plan) => {
      const names = releases(plan).map(({ values }) => `${values.namespace}/${values.name}`);
      expect(new Set(names).size).toBe(names.length);
      for (const { values } of releases(plan)) expect(values.name).toMatch(/^[a-z]([a-z0-9-]{0,51}[a-z0-9])?$/);
    });
  });

  test('makes no object twice', () => {
    each((plan) => {
      const all = kubeObjects(plan).map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`);
      expect(new Set(all).size).toBe(all.length);
    });
  });

  test('has a namespace for every object, made before it', () => {
    each((plan) => {
      const read = readPlan(plan.folder);
      for (const release of read.filter(({ type }) => type === 'helm_release')) {
        const wanted = kubeObjects(plan)
          .filter(({ stack }) => release.stack === stack)
          .map(({ metadata }) => metadata.namespace);
        const made = read.flatMap(({ stack, type, values }) =>
          type === 'kubernetes_namespace_v1' ? [{ stack, name: (values.metadata as { name: string }).name }] : [],
        );
        const below = ['guard-', 'mesh-', 'federation-', 'weather-'].map((layer) =>
          release.stack.replace(/^[a-z]+-/, layer),
        );
        for (const namespace of new Set([...wanted, String(release.values.namespace)])) {
          if (namespace === undefined) continue;
          const where = made.find(({ name }) => name === namespace)?.stack ?? '';
          expect(below.slice(0, below.indexOf(release.stack) + 1)).toContain(where);
        }
      }
    });
  });

  test('has its chart in the plan, and the program in the chart as it was', () => {
    each((plan) => {
      for (const { stack, values } of releases(plan)) {
        const chart = join(plan.folder, 'stacks', stack, String(values.chart));
        if (String(values.chart).startsWith('../../charts/istio/') || values.repository !== undefined) continue;
        expect(existsSync(join(chart, 'Chart.yaml'))).toBe(true);
        const wants = helmValues({ stack, address: '', type: '', values }).some(({ program }) => program !== undefined);
        expect(existsSync(join(chart, 'program/main.js'))).toBe(wants);
        if (wants) expect(readFileSync(join(chart, 'program/main.js'), 'utf8')).toBe(programText);
      }
    });
  });

  test('is the same for readers of YAML 1.1, which Helm is, and of YAML 1.2', () => {
    each((plan) => {
      for (const { values } of readPlan(plan.folder).filter(({ type }) => type === 'helm_release')) {
        for (const text of values.values as string[]) {
          expect(parse(text, { version: '1.1' })).toEqual(parse(text, { version: '1.2' }));
        }
      }
    });
  });
});

describe('secrets', () => {
  test('are never in a plan: it makes empty ones and names files', () => {
    each((plan) => {
      for (const secret of ofKind(plan, 'Secret')) {
        expect(secret).not.toHaveProperty('data');
        expect(secret).not.toHaveProperty('stringData');
      }
      for (const { text } of plan.stacks) {
        expect(text).not.toMatch(/-----BEGIN|PRIVATE KEY|initial_management|"encrypt|SecretID|PeeringToken|Bearer /);
        expect(text).not.toMatch(/\\"tokens\\":\{/);
      }
    });
  });

  test('of the environment stay there: the plan names the variable, not the value', () => {
    process.env.OPENWEATHER_API_KEY = 'value-of-the-key';
    try {
      const plan = synthesise(localLab(), { variables: Object.keys(process.env) });
      expect(plan.stacks.map(({ text }) => text).join('')).not.toContain('value-of-the-key');
      expect(JSON.stringify(ofKind(plan, 'Deployment'))).toContain(
        '{"name":"OPENWEATHER_API_KEY","valueFrom":{"secretKeyRef":{"name":"openweather","key":"OPENWEATHER_API_KEY","optional":true}}}',
      );
    } finally {
      delete process.env.OPENWEATHER_API_KEY;
    }
  });
});

test('a service whose name and namespace could be cut in two ways is still one service', () => {
  const services = { ...smallFile.services, 'west/a-b/c': own, 'west/a/b-c': own };
  const rows = ['west/a-b/c', 'west/a/b-c'].map((from) => ({ from, to: 'east/info' }));
  const names = ofKind(synthesise(labOf({ services, access: rows })), 'Deployment').map(({ metadata }) => metadata);
  expect(names).toEqual(
    expect.arrayContaining([
      { name: 'c', namespace: 'a-b' },
      { name: 'b-c', namespace: 'a' },
    ]),
  );
});

test('only a cluster that the plan makes gets a default kind of volume: that of another is its owner’s to choose', () => {
  const classes = (name: 'aws' | 'existing') => {
    const lab = awsLabs[name]?.();
    if (lab === undefined) throw new Error(`no lab ${name}`);
    return ofKind(synthesise(lab), 'StorageClass').map(({ metadata }) => metadata.name);
  };
  expect([classes('aws'), classes('existing')]).toEqual([['gp3', 'gp3'], []]);
});

describe('another drain time', () => {
  /** Pods of Istio's mesh that are told it when they are made, by deployment or release. */
  const told = (drainSeconds: number, existing = false) => {
    const lab = localLab();
    const meshes = lab.meshes.map((mesh) => (mesh.kind === 'istio' ? { ...mesh, existing } : mesh));
    const plan = synthesise({ ...lab, meshes, settings: { ...lab.settings, drainSeconds } });
    const pods = ofKind(plan, 'Deployment').map(({ metadata, spec }) => [metadata.name, annotationsOf(spec)] as const);
    const charts = resources(plan).flatMap((release) =>
      helmValues(release).flatMap(({ podAnnotations }) => [[String(release.values.name), podAnnotations] as const]),
    );
    const seconds = (annotations: unknown) => (annotations as Record<string, string> | undefined)?.[drainSecondsMark];
    return Object.fromEntries(
      [...pods, ...charts].map(([name, annotations]) => [name, seconds(annotations)]).filter(([, mark]) => mark),
    );
  };
  const annotationsOf = (spec: unknown) =>
    (spec as { template: { metadata: { annotations?: unknown } } }).template.metadata.annotations;
  const drainSecondsMark = 'isthmus.dev/drain-seconds';

  test('makes every pod of Istio anew, which would keep the time that it began with', () => {
    expect(told(3)).toEqual({ frontend: '3', backend: '3', 'istio-ingress': '3', 'federation-gateway': '3' });
  });

  test('makes none anew in an existing mesh', () => {
    expect(told(3, true)).toEqual({});
  });
});
