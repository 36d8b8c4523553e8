/** The real Envoy takes every listener that we write. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { publicListener } from '../../../model/access/envoy';
import { mesh } from '../../../model/lab';
import { testWith } from '../../support/binaries';
import { temporaryFolder } from '../../support/folder';
import { labs, localLab } from '../../support/labs';

const folder = temporaryFolder();

/** Runs Envoy on a config with these listeners, without serving anything. */
function validate(envoy: string, listeners: readonly unknown[]): { status: number | null; stderr: string } {
  const local = { name: 'local_app', connect_timeout: '1s', type: 'STATIC' };
  const clusters = [{ ...local, load_assignment: { cluster_name: 'local_app', endpoints: [] } }];
  const file = join(folder, 'envoy.json');
  writeFileSync(file, JSON.stringify({ static_resources: { listeners, clusters } }));
  const args = ['--mode', 'validate', '--log-level', 'error', '--config-path', file];
  return spawnSync(envoy, args, { encoding: 'utf8' });
}

testWith('envoy', 'listeners of all kinds of rules pass its own validation', (envoy) => {
  const all = [localLab(), ...fc.sample(labs, { numRuns: 60, seed: 4 })].flatMap((lab) =>
    lab.services
      .filter((callee) => mesh(lab, callee.mesh).kind === 'consul')
      .map((callee) => publicListener(lab, callee, '127.0.0.1', 20000)),
  );
  const listeners = all.map(({ '@type': _type, ...listener }, index) => ({
    ...listener,
    name: `listener-${index}`,
    address: { socket_address: { address: '127.0.0.1', port_value: 10_000 + index } },
  }));
  const text = JSON.stringify(listeners);
  for (const kind of ['safe_regex', 'prefix', 'exact', 'and_matcher', 'or_matcher', 'network.rbac'])
    expect(text).toContain(kind);
  expect(validate(envoy, listeners)).toMatchObject({ status: 0, stderr: '' });
});

testWith('envoy', 'it would say no to a listener that is wrong', (envoy) => {
  const { status, stderr } = validate(envoy, [{ name: 'x', address: {}, nonsense: 1 }]);
  expect(status).not.toBe(0);
  expect(stderr).toContain('nonsense');
});
