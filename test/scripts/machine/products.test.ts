import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Product,
  productKey,
  productOf,
  products,
  testProducts,
  toolsFolder,
  versionQuestions,
} from '../../../scripts/machine/products';

const list: readonly Product[] = [...products, ...testProducts];

it.each(list.filter(({ source }) => source.kind === 'go' && source.packages.pause === undefined))(
  '$name: its module pins the version that model/versions.ts names',
  ({ name, version, source }) => {
    const module = source.kind === 'go' ? source.module : '';
    expect(readFileSync(join(toolsFolder, name, 'go.mod'), 'utf8')).toMatch(
      new RegExp(`^(require |\\t)${module.replaceAll('.', '\\.')} v${version.replaceAll('.', '\\.')}( //|$)`, 'm'),
    );
  },
);

it('builds exactly the binaries that a product has', () => {
  for (const { binaries, source } of list) {
    if (source.kind === 'go') expect(Object.keys(source.packages)).toEqual(binaries);
  }
});

it('keys a build by its pinned module, so that a change of it is built', () => {
  expect(productKey(productOf('consul'))).toMatch(/^consul-[0-9.]+-[0-9a-f]{8}$/);
  expect(productKey(productOf('envoy'))).toMatch(/^envoy-[0-9.]+$/);
});

it.each([
  ['consul', 'Consul v1.22.7\nRevision', true],
  ['consul', 'Consul v1.22.70', false],
  ['consul', 'Consul v11.22.7', false],
  ['kubelet', 'Kubernetes v1.34.4', true],
  ['containerd', 'containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20', true],
  ['containerd', 'containerd github.com/containerd/containerd/v2 v2.0.1', false],
])('%s that says %j is the right one: %s', (name, says, right) => {
  expect(versionQuestions[name]?.says.test(says)).toBe(right);
});
