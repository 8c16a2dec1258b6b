import type { Services } from '../services.ts';
import type { Tool } from '../tool.ts';
import { diffFacts } from './diff-facts.ts';
import { driftScan } from './drift-scan.ts';
import { emergencyStop } from './emergency-stop.ts';
import { factHistory } from './fact-history.ts';
import { ingestObservation } from './ingest-observation.ts';
import { nearestFacts } from './nearest-facts.ts';
import { queryFacts } from './query-facts.ts';
import { runAction } from './run-action.ts';
import { traverseFacts } from './traverse-facts.ts';

/** Every tool an agent can call, by name. */
export function allTools(services: Services): ReadonlyMap<string, Tool> {
  const tools = [
    queryFacts,
    factHistory,
    diffFacts,
    traverseFacts,
    nearestFacts,
    ingestObservation,
    driftScan,
    runAction(services.adapters),
    emergencyStop,
  ];
  return new Map(tools.map((tool) => [tool.name, tool]));
}
