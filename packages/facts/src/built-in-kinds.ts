import { KindRegistry } from './kinds.ts';
import { parseKindsYaml } from './kinds-yaml.ts';

/** The kinds praxis comes with, in the form in which users add their own. */
export const BUILT_IN_KINDS_YAML = `
kinds:
  host:
    description: a machine, real or virtual
    predicates:
      address: { type: address, multi: true }
      runs: { edge: [service], type: object }
      has_package: { edge: [package], type: object }
      has_interface: { edge: [interface], type: object }
      mounts: { edge: [storage], type: object }
      member_of: { edge: [cluster], type: object }
  cluster:
    description: hosts that are managed as one
  service:
    description: something that listens or runs
    predicates:
      port: { type: integer, minimum: 0, maximum: 65535, multi: true }
      state: { enum: [running, stopped, failed, unknown] }
      runs_on: { edge: [host, cluster], type: object }
      depends_on: { edge: [service, storage, network, host], type: object }
  package:
    description: installed software
    predicates:
      version: { type: string, required: true }
  storage:
    description: a pool, volume or file system
    predicates:
      size_bytes: { type: integer, minimum: 0 }
      health: { enum: [healthy, degraded, failed, unknown] }
      part_of: { edge: [storage], type: object }
  network:
    description: a network or segment
    predicates:
      cidr: { type: string, multi: true }
  interface:
    description: a network interface of a host
    predicates:
      mac: { type: string }
      attached_to: { edge: [network], type: object }
  identity:
    description: a user, group, key or service account
    predicates:
      disabled: { type: boolean }
      may_access: { edge: [host, service, cluster, storage], type: object }
  alert:
    description: something that wants attention
    predicates:
      severity: { enum: [info, warning, critical], required: true }
      about: { edge: [host, service, storage, network, cluster, identity], type: object }
  finding:
    description: a difference between what is and what should be
    predicates:
      severity: { enum: [info, warning, critical], required: true }
      kind: { enum: [missing, changed, unexpected], required: true }
      about: { edge: [host, service, package, storage, network, interface, identity, cluster], type: object }
  request:
    description: a request to act
    predicates:
      tier: { enum: [T0, T1, T2, T3], required: true }
      state: { enum: [proposed, approved, denied, running, done, failed], required: true }
      about: { edge: [host, service, storage, cluster], type: object }
`;

/** The registry of the kinds praxis comes with. */
export function builtInKinds(): KindRegistry {
  return new KindRegistry(parseKindsYaml(BUILT_IN_KINDS_YAML));
}
