import type { HostType } from './schema.ts';

/** How OpenSSH reaches a host, as the inventory pins it. */
export interface SshSettings {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  readonly identityFile?: string | undefined;
  readonly knownHosts?: string | undefined;
  readonly configFile?: string | undefined;
}

/** One host, as the inventory decides it. Nothing a caller says changes any of it. */
export interface InventoryHost {
  readonly name: string;
  readonly hostType: HostType;
  readonly role?: string | undefined;
  readonly os?: string | undefined;
  readonly alwaysOn: boolean;
  readonly addressing: {
    readonly publicIp?: string | undefined;
    readonly lanIp?: string | undefined;
    readonly tailscaleIp?: string | undefined;
  };
  readonly routing: {
    readonly sshAlias?: string | undefined;
    readonly endpoints: readonly string[];
    readonly nodes: readonly string[];
  };
  readonly actuationPaths: readonly string[];
  readonly posture?: string | Readonly<Record<string, string | number | boolean | null>> | undefined;
  readonly ssh?: SshSettings | undefined;
  readonly kubernetes?: { readonly kubeconfig: string; readonly context: string } | undefined;
}
