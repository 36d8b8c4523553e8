import { borderInterface, borderRules } from '../../../scripts/machine/network';
import { testLab } from './lab';

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

  it('cut, passes nothing, not even what is established', () => {
    expect(borderRules(testLab(), 'cut')).not.toContain('accept');
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
