/** Checks of the names in a lab file: that none is the product's own, and that none would mean two things. */
import type { LooseLab } from './check';
import { platformOf } from './check-platforms';
import type { Fault } from './fault';
import { canonicalId } from './lab';
import { denyAllName, exportName, federationSecret, importName, upstreamVariable } from './names';
import {
  isReservedMesh,
  isReservedNamespace,
  isReservedSecret,
  isReservedService,
  isReservedVariable,
  longestMeshName,
} from './reserved';

export function checkNames(lab: LooseLab): Fault[] {
  return [...meshNames(lab), ...serviceNames(lab), ...variableNames(lab), ...federatedNames(lab), ...joinedNames(lab)];
}

function meshNames({ meshes }: LooseLab): Fault[] {
  return meshes.flatMap(({ id }): Fault[] => {
    const path = ['meshes', id];
    if (isReservedMesh(id))
      return [{ path, value: id, problem: 'is a name of the lab itself', fix: 'rename the mesh' }];
    if (id.length > longestMeshName) {
      const allowed = `at most ${longestMeshName} characters`;
      return [{ path, value: id, problem: 'is too long for the names made of it', allowed, fix: 'shorten it' }];
    }
    // Hosts are named MESH-HOST beside the meshes.
    const other = meshes.find((mesh) => id.startsWith(`${mesh.id}-`));
    if (other === undefined) return [];
    const problem = `reads like a part of mesh ${other.id}`;
    return [{ path, value: id, problem, allowed: `names that do not start with ${other.id}-`, fix: 'rename the mesh' }];
  });
}

function serviceNames(lab: LooseLab): Fault[] {
  return lab.services.flatMap(({ id }): Fault[] => {
    const [meshId, namespace = '', name = ''] = canonicalId(id).split('/');
    const mesh = lab.meshes.find((entry) => entry.id === meshId)?.value;
    if (mesh === undefined) return [];
    const { kind } = mesh;
    const path = ['services', id];
    const fix = 'rename the service';
    if (isReservedService(name, kind)) {
      return [{ path, value: name, problem: 'has a name that the lab itself uses', fix }];
    }
    // Hosts have no namespaces, and those of an existing Consul are its owner's.
    const hasNamespaces = kind === 'istio' || (platformOf(lab, mesh) !== 'local' && mesh.existing !== true);
    if (!hasNamespaces || !isReservedNamespace(namespace, kind)) return [];
    return [{ path, value: namespace, problem: 'is in a namespace of the lab itself', fix: `${fix} or its namespace` }];
  });
}

function variableNames(lab: LooseLab): Fault[] {
  return lab.services.flatMap(({ id, value }): Fault[] => {
    const mesh = lab.meshes.find((entry) => entry.id === id.split('/')[0])?.value;
    const kind = mesh?.kind;
    const platform = platformOf(lab, mesh);
    const { env = {}, secrets = {} } = value ?? {};
    const own = [
      ...Object.keys(env).map((name) => ['env', name]),
      ...Object.keys(secrets).map((name) => ['secrets', name]),
    ]
      .filter(([, name = '']) => isReservedVariable(name))
      .map(([of = '', name = '']): Fault => {
        const problem = 'is set by the lab itself';
        return { path: ['services', id, of, name], value: name, problem, fix: 'remove it; port sets the port' };
      });
    const taken = Object.entries(secrets)
      .filter(([, secret]) => isReservedSecret(secret))
      .map(([variable, secret]): Fault => {
        const problem = 'is a Secret of the trust exchange';
        return { path: ['services', id, 'secrets', variable], value: secret, problem, fix: 'rename the Secret' };
      });
    const hosts =
      kind === 'consul' && platform === 'local' && Object.keys(secrets).length > 0
        ? [
            {
              path: ['services', id, 'secrets'],
              problem: 'is not supported for hosts on platform local',
              fix: 'use env',
            },
          ]
        : [];
    return [...own, ...taken, ...hosts];
  });
}

/**
 * Outside its mesh a service is known by its bare name, and to its callers by one variable: two services of one name
 * would be one identity, with the rights of both.
 */
function federatedNames({ access }: LooseLab): Fault[] {
  const identities = new Map<string, string>();
  const upstreams = new Map<string, string>();
  const twin = (seen: Map<string, string>, key: string, id: string): string | undefined => {
    const first = seen.get(key) ?? id;
    seen.set(key, first);
    return first === id ? undefined : first;
  };
  return access.flatMap(({ from, to }, index): Fault[] => {
    if (from === undefined || to === undefined) return [];
    const path = ['access', index];
    const [caller, callee] = [canonicalId(from), canonicalId(to)];
    const [mesh, , name] = caller.split('/');
    const [peer, , upstream = ''] = callee.split('/');
    const fix = 'rename one of the two services';
    const same = mesh === peer ? undefined : twin(identities, `${mesh} ${peer} ${name}`, caller);
    const exported = mesh === peer ? undefined : twin(identities, `${peer} ${mesh} ${upstream}`, callee);
    const shared = twin(upstreams, `${caller} ${upstream}`, callee);
    return [
      ...(same === undefined
        ? []
        : [{ path, value: from, problem: `is known in mesh ${peer} by the same identity as ${same}`, fix }]),
      ...(exported === undefined
        ? []
        : [{ path, value: to, problem: `is known in mesh ${mesh} by the same identity as ${exported}`, fix }]),
      ...(shared === undefined
        ? []
        : [
            {
              path,
              value: to,
              problem: `gives ${from} the same variable ${upstreamVariable(upstream)} as ${shared}`,
              fix,
            },
          ]),
    ];
  });
}

/** Objects of the federation are named after a service and a mesh, joined: `a-b` and `c` read like `a` and `b-c`. */
function joinedNames({ access, meshes }: LooseLab): Fault[] {
  const isIstio = (id: string) => meshes.find((mesh) => mesh.id === id)?.value?.kind === 'istio';
  const owners = new Map<string, string>();
  return access.flatMap(({ from, to }, index): Fault[] => {
    if (from === undefined || to === undefined) return [];
    const [caller = '', callerSpace = '', consumer = ''] = canonicalId(from).split('/');
    const [callee = '', , service = ''] = canonicalId(to).split('/');
    if (caller === callee) return [];
    const named = [
      { mesh: caller, kind: 'import', name: importName(service, callee), value: to, of: `${service} of ${callee}` },
      {
        mesh: caller,
        kind: `Secret in ${callerSpace}`,
        name: federationSecret(consumer, callee),
        value: from,
        of: `${consumer} towards ${callee}`,
      },
      {
        mesh: callee,
        kind: 'export',
        name: exportName(service, caller),
        value: to,
        of: `${service} towards ${caller}`,
      },
    ];
    return named.flatMap(({ mesh, kind, name, value, of }): Fault[] => {
      if (!isIstio(mesh)) return [];
      const key = `${mesh} ${kind} ${name}`;
      const owner = kind === 'export' && name === denyAllName ? 'the policy that refuses by default' : owners.get(key);
      if (owner === undefined) owners.set(key, of);
      if (owner === undefined || owner === of) return [];
      const problem = `gives ${mesh} the ${kind} ${name}, which is also that of ${owner}`;
      return [{ path: ['access', index], value, problem, fix: 'rename one of the services' }];
    });
  });
}
