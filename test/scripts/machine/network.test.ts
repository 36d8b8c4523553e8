import { borderInterface, borderRules } from '../../../scripts/machine/network';
import { exportingLab, testLab } from './lab';

describe('borderRules', () => {
  it('opens the mesh gateway from the Istio mesh and nothing else', () => {
    const lines = borderRules(testLab(), 'open')
      .split('\n')
      .filter((line) => line.includes('counter'))
      .map((line) => line.trim());
    expect(lines).toEqual([
      'ct state established,related counter accept',
      'iifname "mesh0" ip saddr 10.10.0.0/16 oifname "mesh1" ip daddr 10.20.0.11 tcp dport 8443 ct state new counter accept',
      'counter drop',
    ]);
  });

  it('opens the federation gateway when something is exported, by the port that callers dial only', () => {
    const lines = borderRules(exportingLab(), 'open')
      .split('\n')
      .filter((line) => line.includes('mesh1" ip saddr'))
      .map((line) => line.trim());
    const dialled = 'ct status dnat ct original proto-dst 15443';
    const from = 'iifname "mesh1" ip saddr 10.20.0.0/16';
    expect(lines).toEqual([
      `${from} ip daddr 10.10.0.2 tcp dport 15443 counter dnat ip to 10.10.0.2:31443`,
      `${from} oifname "mesh0" ip daddr 10.10.0.2 tcp dport 31443 ${dialled} ct state new counter accept`,
    ]);
  });

  it('needs no other port for a gateway whose node port is what callers dial', () => {
    const { meshes, ...rest } = exportingLab();
    const place = { platform: 'kubeconfig', kubeconfig: 'k', context: 'c' } as const;
    const gateway = { address: '10.10.0.2', port: 31443 };
    const lab = { ...rest, meshes: meshes.map((mesh) => (mesh.kind === 'istio' ? { ...mesh, place, gateway } : mesh)) };
    const rules = borderRules(lab, 'open');
    expect(rules).not.toContain('dnat ip');
    expect(rules).toContain('ip daddr 10.10.0.2 tcp dport 31443 ct state new counter accept');
  });

  it('cut, passes nothing, not even what is established', () => {
    for (const lab of [testLab(), exportingLab()]) expect(borderRules(lab, 'cut')).not.toMatch(/accept|dnat ip/);
  });

  it.each(['open', 'cut'] as const)('%s, replaces the table at once and drops by default', (state) => {
    const rules = borderRules(testLab(), state);
    expect(rules.indexOf('delete table inet isthmus')).toBeGreaterThan(-1);
    expect(rules).toContain('hook forward priority 0; policy drop;');
  });
});

it('names the border interface of each mesh by its place in the lab', () => {
  const lab = testLab();
  expect(lab.meshes.map((mesh) => borderInterface(lab, mesh))).toEqual(['mesh0', 'mesh1']);
});
