/**
 * What istiod's chart has no value for. Helm hands the rendered chart over on standard input and takes what comes back.
 *
 * - The kubelet asks for istiod's health over TLS, at the port of its webhooks, instead of in clear.
 * - Nothing answers in clear any more but on the pod's own loopback (with `extraContainerArgs` in istiod.yaml), so the
 *   ports in clear are in neither the pod nor the Service.
 */
const { parse, stringify } = require('yaml');

const inClear = [8080, 15010, 15014];

/** Throws when the chart is not as it was: silently nothing would be changed otherwise. */
function changed(text) {
  let found = 0;
  const documents = text.split(/^---$/m).map((document) => {
    const change = changes.get(/^kind: (\w+)$/m.exec(document)?.[1]);
    if (change === undefined || !/^ {2}name: istiod\S*$/m.test(document)) return document;
    const object = parse(document);
    if (object.metadata.labels?.app !== 'istiod') return document;
    change(object);
    found += 1;
    return `\n${stringify(object, { lineWidth: 0, compat: 'yaml-1.1' })}`;
  });
  if (found !== changes.size) {
    throw new Error(
      `istiod's chart: ${found} of its Deployment and Service found; correct charts-values/istio/istiod.postrender.cjs`,
    );
  }
  return documents.join('---');
}

const changes = new Map([
  [
    'Deployment',
    ({ spec }) => {
      const [container] = spec.template.spec.containers;
      const { httpGet } = container.readinessProbe;
      if (httpGet.port !== 8080)
        throw new Error(`istiod's chart: its readiness probe asks port ${httpGet.port}, not 8080`);
      httpGet.port = 15017;
      httpGet.scheme = 'HTTPS';
      container.args.push('--httpAddr=127.0.0.1:8080');
      container.ports = container.ports.filter(({ containerPort }) => !inClear.includes(containerPort));
      const { annotations } = spec.template.metadata;
      for (const key of Object.keys(annotations)) if (key.startsWith('prometheus.io/')) delete annotations[key];
    },
  ],
  [
    'Service',
    ({ spec }) => {
      spec.ports = spec.ports.filter(({ port }) => !inClear.includes(port));
    },
  ],
]);

let input = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', (chunk) => {
  input += chunk;
});
process.stdin.on('end', () => process.stdout.write(changed(input)));
