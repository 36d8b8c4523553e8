/** Numbers that another file must repeat, because its tool reads only that file. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { versions } from '../../model/versions';
import { products as labProducts, testProducts } from '../../scripts/machine/products';
import { root } from '../support/labs';

const products = [...labProducts, ...testProducts];
const goMod = (tool: string) => readFileSync(join(root, 'tools', tool, 'go.mod'), 'utf8');

/** Required version of a module, without its v; `undefined` when it is not required or replaced by another. */
function required(tool: string, module: string): string | undefined {
  const line = goMod(tool)
    .split('\n')
    .map((text) =>
      text
        .replace(/^require /, '')
        .trim()
        .split(' '),
    )
    .find(([name, version]) => name === module && version?.startsWith('v'));
  return line?.[1]?.slice(1);
}

describe('tools', () => {
  const pins = [
    ['consul', 'github.com/hashicorp/consul', versions.consul],
    ['istio', 'istio.io/istio', versions.istio],
    ['kubernetes', 'k8s.io/kubernetes', versions.kubernetes],
    ['etcd', 'go.etcd.io/etcd/server/v3', versions.etcd],
    ['coredns', 'github.com/coredns/coredns', versions.coredns],
    ['opa', 'github.com/open-policy-agent/opa', versions.opa],
  ] as const;

  test.each(pins)('%s builds %s at %s', (tool, module, version) => {
    expect(required(tool, module)).toBe(version);
  });

  test('each product that is built has a pinned module, and each module a product', () => {
    const built = products.flatMap(({ name, source }) => (source.kind === 'go' ? [name] : []));
    expect(readdirSync(join(root, 'tools')).toSorted()).toEqual(built.toSorted());
    const unpinned = built.filter((name) => name !== 'pause');
    expect(pins.map(([tool]) => tool).toSorted()).toEqual(unpinned.toSorted());
    for (const { name, source } of products) {
      if (source.kind !== 'go' || name === 'pause') continue;
      expect(pins.find(([tool]) => tool === name)?.[1]).toBe(source.module);
    }
  });

  test("Kubernetes' own modules have its number", () => {
    const [, minor, patch] = versions.kubernetes.split('.');
    const replaced = [
      ...goMod('kubernetes').matchAll(/^\s*(?:replace )?k8s\.io\/[\w-]+(?: v\S+)? => k8s\.io\/[\w-]+ (\S+)$/gm),
    ];
    expect(replaced.length).toBeGreaterThan(20);
    expect(new Set(replaced.map(([, version]) => version))).toEqual(new Set([`v0.${minor}.${patch}`]));
  });

  test.each(readdirSync(join(root, 'tools')))('%s needs no newer Go than the one that builds it', (tool) => {
    const [, wanted = ''] = /^go (\S+)$/m.exec(goMod(tool)) ?? [];
    const number = (version: string) => version.split('.').reduce((sum, part) => sum * 1000 + Number(part), 0);
    const padded = wanted.split('.').length === 2 ? `${wanted}.0` : wanted;
    expect(padded).toMatch(/^\d+\.\d+\.\d+$/);
    expect(number(padded)).toBeLessThanOrEqual(number(versions.go));
    expect(goMod(tool)).not.toMatch(/^toolchain/m);
  });
});

describe('package.json', () => {
  interface Manifest {
    readonly engines: { readonly node: string };
    readonly dependencies: Readonly<Record<string, string>>;
    readonly devDependencies: Readonly<Record<string, string>>;
  }
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string; dependencies?: object; devDependencies?: object }>;
  };

  test('pins every package to one version, the one in the lock file', () => {
    for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
      expect(`${name} ${version}`).toMatch(/ \d+\.\d+\.\d+(-[\w.]+)?$/);
      expect(`${name} ${lock.packages[`node_modules/${name}`]?.version}`).toBe(`${name} ${version}`);
    }
  });

  test('asks for no newer Node.js than the pods run', () => {
    const [, floor = ''] = /^>=(\d+)\./.exec(manifest.engines.node) ?? [];
    expect(Number(floor)).toBeGreaterThanOrEqual(20);
    expect(Number(floor)).toBeLessThanOrEqual(Number(versions.node.split('.')[0]));
  });

  test('names no registry', () => {
    const text = readFileSync(join(root, 'package-lock.json'), 'utf8');
    const hosts = new Set([...text.matchAll(/"resolved": "https?:\/\/([^/"]+)/g)].map(([, host]) => host));
    expect([...hosts]).toEqual([]);
  });
});

test('every version is one, not a range', () => {
  for (const [name, version] of Object.entries(versions)) {
    // A release of Debian has no number here, and EKS is chosen by minor version only.
    if (['debian', 'eks'].includes(name)) continue;
    expect(`${name} ${version}`).toMatch(/ \d+\.\d+\.\d+(-\d{14}-[0-9a-f]{12})?$/);
  }
});

test('kubectl is within one minor version of the API server, as its makers ask', () => {
  const minor = (version: string) => Number(version.split('.')[1]);
  expect(Math.abs(minor(versions.kubectl) - minor(versions.kubernetes))).toBeLessThanOrEqual(1);
});
