/** Where a control applies. */
export type CisScope = 'node' | 'controlplane' | 'cluster';

/** `active` controls are compared; `waived` ones were accepted; `platform` ones Talos itself guarantees. */
export type CisStatus = 'active' | 'waived' | 'platform';

/** One control of the CIS Kubernetes benchmark as it applies to Talos. */
export interface CisControl {
  readonly id: string;
  readonly title: string;
  readonly scope: CisScope;
  /** The wanted value in normalised spelling; null where the platform leaves nothing to compare. */
  readonly wanted: string | null;
  readonly cisRef: string | null;
  readonly level: 1 | 2;
  readonly scored: boolean;
  readonly status: CisStatus;
}

type Row = readonly [id: string, scope: CisScope, wanted: string, cisRef: string, title: string];

const ACTIVE: readonly Row[] = [
  ['kubelet-anonymous-auth', 'node', 'false', '4.2.1', 'anonymous kubelet access is off'],
  ['kubelet-authorization-mode', 'node', 'Webhook', '4.2.2', 'the kubelet authorises through the API server'],
  ['kubelet-read-only-port', 'node', '0', '4.2.4', 'the read-only kubelet port is closed'],
  ['kubelet-protect-kernel-defaults', 'node', 'true', '4.2.6', 'the kubelet protects kernel defaults'],
  ['kubelet-make-iptables-util-chains', 'node', 'true', '4.2.7', 'the kubelet manages its iptables chains'],
  ['kubelet-rotate-certificates', 'node', 'true', '4.2.11', 'kubelet client certificates rotate'],
  ['kubelet-rotate-server-certificates', 'node', 'true', '4.2.12', 'kubelet server certificates rotate'],
  ['apiserver-anonymous-auth', 'controlplane', 'false', '1.2.1', 'anonymous API requests are off'],
  ['apiserver-profiling', 'controlplane', 'false', '1.2.21', 'API server profiling is off'],
  [
    'apiserver-authorization-mode',
    'controlplane',
    'Node,RBAC',
    '1.2.7',
    'the API server authorises by Node and RBAC',
  ],
  [
    'apiserver-service-account-lookup',
    'controlplane',
    'true',
    '1.2.13',
    'service account tokens are looked up',
  ],
  ['controller-manager-profiling', 'controlplane', 'false', '1.3.2', 'controller manager profiling is off'],
  [
    'controller-manager-use-service-account-credentials',
    'controlplane',
    'true',
    '1.3.3',
    'each controller uses its own account',
  ],
  [
    'controller-manager-bind-address',
    'controlplane',
    '127.0.0.1',
    '1.3.7',
    'the controller manager listens on loopback',
  ],
  ['scheduler-profiling', 'controlplane', 'false', '1.4.1', 'scheduler profiling is off'],
  ['scheduler-bind-address', 'controlplane', '127.0.0.1', '1.4.2', 'the scheduler listens on loopback'],
];

const PLATFORM: readonly (readonly [id: string, scope: CisScope, title: string])[] = [
  ['node-no-ssh', 'node', 'nodes run no SSH daemon'],
  ['kubelet-config-file-perms', 'node', 'the kubelet configuration is readable by its owner only'],
  ['apiserver-manifest-file-perms', 'controlplane', 'the API server manifest is readable by its owner only'],
  ['etcd-data-dir-perms', 'controlplane', 'the etcd data directory is readable by its owner only'],
];

/** Every control praxis knows: 17 active, 1 waived, 4 guaranteed by the platform. */
export const CIS_CONTROLS: readonly CisControl[] = [
  ...ACTIVE.map(
    ([id, scope, wanted, cisRef, title]): CisControl => ({
      id,
      title,
      scope,
      wanted,
      cisRef,
      level: 1,
      scored: true,
      status: 'active',
    }),
  ),
  {
    id: 'cluster-default-pod-security',
    title: 'the default pod security profile is restricted',
    scope: 'cluster',
    wanted: 'restricted',
    cisRef: '5.2.1',
    level: 1,
    scored: false,
    status: 'active',
  },
  {
    id: 'kubelet-event-qps',
    title: 'the kubelet does not limit event records',
    scope: 'node',
    wanted: '0',
    cisRef: '4.2.9',
    level: 2,
    scored: false,
    status: 'waived',
  },
  ...PLATFORM.map(
    ([id, scope, title]): CisControl => ({
      id,
      title,
      scope,
      wanted: null,
      cisRef: null,
      level: 1,
      scored: true,
      status: 'platform',
    }),
  ),
];
