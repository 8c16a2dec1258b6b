import { z } from 'zod';

/** How many hosts one inventory file may list. */
export const INVENTORY_HOSTS_MAX = 10_000;
/** How many destinations (endpoints, nodes, actuation paths) one host may list, each. */
export const INVENTORY_LIST_MAX = 256;
const TEXT_LENGTH_MAX = 1024;

/** The kinds of host praxis knows; the kind decides which adapters may touch it. */
export type HostType = 'ubuntu' | 'talos' | 'windows' | 'cloud' | 'kubernetes';
/** Every kind of host. */
export const HOST_TYPES: readonly HostType[] = ['ubuntu', 'talos', 'windows', 'cloud', 'kubernetes'];

/**
 * What a host name, alias or address may look like: it starts with a letter or digit (so that it can
 * never be read as an option) and holds no white space, quote, slash or control character.
 */
export const TARGET_PATTERN: RegExp = /^[A-Za-z0-9][A-Za-z0-9._\-[\]:@]{0,254}$/;

/** An IP literal may also be written in brackets or start with a colon (`::1`). */
const ADDRESS_PATTERN = /^[A-Za-z0-9[:][A-Za-z0-9._\-[\]:%]{0,254}$/;

const target = z.string().regex(TARGET_PATTERN, 'letters, digits and ._-[]:@ only, first a letter or digit');
const address = z.string().regex(ADDRESS_PATTERN, 'not an address or host name');
const destinations = z.array(address).max(INVENTORY_LIST_MAX);
const text = z.string().max(TEXT_LENGTH_MAX);
const path = z
  .string()
  .min(1)
  .max(TEXT_LENGTH_MAX)
  .refine((value) => !value.includes('\0'), 'holds a NUL character');

const addressing = z.strictObject({
  public_ip: address.optional(),
  lan_ip: address.optional(),
  tailscale_ip: address.optional(),
});

const routing = z.strictObject({
  ssh_alias: target.optional(),
  endpoints: destinations.optional(),
  nodes: destinations.optional(),
});

const ssh = z.strictObject({
  host: address.optional(),
  port: z.int().min(1).max(65_535).optional(),
  user: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/, 'not a user name')
    .optional(),
  identity_file: path.optional(),
  known_hosts: path.optional(),
  config_file: path.optional(),
});

/** A note, or a flat map of notes. */
const posture = z.union([text, z.record(text, z.union([text, z.boolean(), z.number(), z.null()]))]);

const kubernetes = z.strictObject({ kubeconfig: path, context: z.string().min(1).max(TEXT_LENGTH_MAX) });

/** One host as the file spells it. */
export interface InventoryHostEntry {
  name: string;
  host_type: HostType;
  role?: string | undefined;
  os?: string | undefined;
  always_on?: boolean | undefined;
  addressing?:
    | { public_ip?: string | undefined; lan_ip?: string | undefined; tailscale_ip?: string | undefined }
    | undefined;
  routing?:
    | { ssh_alias?: string | undefined; endpoints?: string[] | undefined; nodes?: string[] | undefined }
    | undefined;
  actuation_paths?: string[] | undefined;
  posture?: string | Record<string, string | number | boolean | null> | undefined;
  ssh?: SshEntry | undefined;
  kubernetes?: { kubeconfig: string; context: string } | undefined;
}

interface SshEntry {
  host?: string | undefined;
  port?: number | undefined;
  user?: string | undefined;
  identity_file?: string | undefined;
  known_hosts?: string | undefined;
  config_file?: string | undefined;
}

/** One host of the inventory file. Unknown keys are refused: a misspelt guard must not be a silent one. */
const inventoryHostSchema = z.strictObject({
  name: target,
  host_type: z.enum(['ubuntu', 'talos', 'windows', 'cloud', 'kubernetes']),
  role: text.optional(),
  os: text.optional(),
  always_on: z.boolean().optional(),
  addressing: addressing.optional(),
  routing: routing.optional(),
  actuation_paths: z.array(text.min(1)).max(INVENTORY_LIST_MAX).optional(),
  posture: posture.optional(),
  ssh: ssh.optional(),
  kubernetes: kubernetes.optional(),
});

/** The whole file: a list of hosts under `hosts`. */
export const inventoryFileSchema: z.ZodType<{ hosts?: InventoryHostEntry[] | null | undefined }> =
  z.strictObject({
    hosts: z.array(inventoryHostSchema).max(INVENTORY_HOSTS_MAX).nullish(),
  });
