/** All that is asked of a lab's plan at once, to see what a change of the plan changes. */
import { type Cidr, formatCidr } from '../../../../model/cidr';
import { networkOf } from '../../../../scripts/aws/reach/network';
import { describe as name, type Place, placesOf } from '../../../../scripts/aws/reach/places';
import type { StackPlan } from '../../../../scripts/aws/reach/plan';
import { type Answer, canReach, crossings, openToInternet } from '../../../../scripts/aws/reach/questions';

const meshes = ['west', 'east'] as const;

/**
 * Answers, a line each: what is reached, from where, on which ports, and whether by all.
 * @param from a range of the internet to ask about besides the whole of it
 */
export function answers(stacks: readonly StackPlan[], from: Cidr): string[] {
  const network = networkOf(stacks);
  const reached = ({ reaches, over, sources }: Answer) => [reaches, ...over, ...sources.map(formatCidr)].join(' ');
  const inside = meshes.flatMap((mesh) => {
    const own: readonly (readonly [Place, number])[] = [
      [{ kind: 'registries' }, 443],
      [{ kind: 'api', mesh }, 443],
      [{ kind: 'nodes', mesh }, 10250],
    ];
    return own.map(([to, port]) => {
      const answer = canReach(network, { kind: 'nodes', mesh }, to, port);
      return `${mesh} → ${name(to)} ${port}: ${reached(answer)}`;
    });
  });
  const page: Place = { kind: 'balancer', mesh: 'west', role: 'page' };
  const between = meshes.flatMap((mesh) =>
    crossings(network, mesh, mesh === 'west' ? 'east' : 'west').map(
      ({ place, from: first, to, answer }) => `${mesh} → ${name(place)} ${first}-${to}: ${reached(answer)}`,
    ),
  );
  const outside = openToInternet(network).map(
    ({ place, from: first, to, answer }) => `internet → ${name(place)} ${first}-${to}: ${reached(answer)}`,
  );
  const hasPage = placesOf(network, 'west').some((place) => name(place) === name(page));
  const pages: readonly (readonly [Place, number])[] = hasPage ? [[page, 80]] : [];
  const asked: readonly (readonly [Place, number])[] = [
    ...pages,
    ...meshes.map((mesh) => [{ kind: 'api', mesh }, 443] as const),
  ];
  const one = asked.map(
    ([to, port]) =>
      `${formatCidr(from)} → ${name(to)} ${port}: ${canReach(network, { kind: 'internet', from }, to, port).reaches}`,
  );
  const pods = pages.map(
    ([to, port]) => `west → page ${port}: ${reached(canReach(network, { kind: 'pods', mesh: 'west' }, to, port))}`,
  );
  return [...inside, ...between, ...outside, ...one, ...pods];
}

/** Everything that keeps the internet and the other mesh out of gateways and nodes, a line each. */
export function barriers(stacks: readonly StackPlan[]): string[] {
  const network = networkOf(stacks);
  const ports: Readonly<Record<string, number>> = { west: 15443, east: 8443 };
  return meshes.flatMap((mesh) => {
    const other = mesh === 'west' ? 'east' : 'west';
    const border: Place = { kind: 'balancer', mesh, role: 'border' };
    const asked: readonly (readonly [Place, Place, number])[] = [
      [{ kind: 'internet' }, border, ports[mesh] ?? 0],
      [{ kind: 'internet' }, { kind: 'nodes', mesh }, 30443],
      [{ kind: 'nodes', mesh: other }, { kind: 'nodes', mesh }, 30443],
    ];
    return asked.flatMap(([from, to, port]) =>
      canReach(network, from, to, port).stops.map((stop) => `${name(from)} → ${name(to)}: ${stop}`),
    );
  });
}
