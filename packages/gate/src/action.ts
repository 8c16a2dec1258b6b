import { canonicalJson, type Json, sha256Hex, type Tier } from '@praxis/core';

/** Everything an approval binds: what runs, where, with which content, judged by which rules. */
export interface ActionIdentity {
  readonly tool: string;
  /** The exact text or argv that a real run executes. */
  readonly command: string;
  readonly target: string;
  /** Where the inventory sends it: user, address, port. */
  readonly destination: string;
  /** Digest of content that the command only names (a runbook's bytes, a plan file). */
  readonly contentDigest: string | null;
  readonly args: Json;
}

/** How many hex digits of the digest name an action to people. Binding always uses all 64. */
const ACTION_ID_HEX_DIGITS = 16;

/** SHA-256 over the canonical identity: two actions that differ in anything differ here. */
export function actionDigest(identity: ActionIdentity): string {
  return sha256Hex(canonicalJson(identity));
}

/** The short name of an action, for people and answers. */
export function actionIdOf(digest: string): string {
  return digest.slice(0, ACTION_ID_HEX_DIGITS);
}

/** What an approval is checked against at the moment of use. */
export interface ActionBinding {
  readonly actionId: string;
  readonly digest: string;
  readonly target: string;
  readonly tier: Tier;
  readonly rulesetVersion: string;
}
