export { CANONICAL_DEPTH_MAX, canonicalJson } from './canonical-json.ts';
export { type Clock, strictlyIncreasing, systemClock } from './clock.ts';
export { type Sha256Hex, sha256, sha256Hex } from './digest.ts';
export { errorCode, errorMessage, PraxisError } from './errors.ts';
export {
  formatInstant,
  type Instant,
  INSTANT_MAX,
  INSTANT_MIN,
  instantFromEpochMs,
  parseInstant,
} from './instant.ts';
export { isJsonObject, type Json, type JsonObject } from './json.ts';
export { type Principal, PRINCIPAL_LENGTH_MAX, principalSchema } from './principal.ts';
export { isTier, maxTier, type Tier, TIERS, tierRank, tierSchema } from './tier.ts';
export { VERSION } from './version.ts';
