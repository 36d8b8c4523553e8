/** A sidecar that was registered anew without our rules is told of. */
import { serviceHost } from '../../../model/consul-hosts';
import { mesh, service } from '../../../model/lab';
import { listenerProblems } from '../../../scripts/status/listeners';
import { labOf, localText } from '../../support/labs';

const lab = labOf(localText);
const { registration } = serviceHost(lab, service(lab, 'east/info/info'));
if (registration === undefined) throw new Error('info is not registered');
const connect = registration.Connect as { SidecarService: { Proxy: { Config: Record<string, unknown> } } };
const planned = connect.SidecarService.Proxy.Config;

function api(found: unknown) {
  return { get: async <T>() => found as T };
}

test.each([
  ['as planned', [{ ServiceProxy: { Config: planned } }], 0],
  ['with more config beside the listener', [{ ServiceProxy: { Config: { ...planned, more: 1 } } }], 0],
  ['not there at all, which its checks tell', [], 0],
  ['without the listener', [{ ServiceProxy: { Config: {} } }], 1],
  ['without any config', [{ ServiceProxy: { Config: null } }], 1],
  ['with another listener', [{ ServiceProxy: { Config: { envoy_public_listener_json: '{}' } } }], 1],
  ['one of two without the listener', [{ ServiceProxy: { Config: planned } }, { ServiceProxy: { Config: {} } }], 1],
])('a sidecar %s', async (_what, found, problems) => {
  const said = await listenerProblems(lab, mesh(lab, 'east'), api(found));
  expect(said).toHaveLength(problems);
  for (const line of said) expect(line).toMatch(/^info: its sidecar is registered without .* isthmus up$/);
});
