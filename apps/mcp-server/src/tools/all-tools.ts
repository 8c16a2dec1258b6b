import type { Services } from '../services.ts';
import type { Tool } from '../tool.ts';
import { driftScan } from './drift-scan.ts';
import { emergencyStop } from './emergency-stop.ts';
import { factHistory } from './fact-history.ts';
import { ingestObservation } from './ingest-observation.ts';
import { queryFacts } from './query-facts.ts';
import { runAction } from './run-action.ts';

/** Every tool an agent can call, by name. */
export function allTools(services: Services): ReadonlyMap<string, Tool> {
  const tools = [
    queryFacts,
    factHistory,
    ingestObservation,
    driftScan,
    runAction(services.adapters),
    emergencyStop,
  ];
  return new Map(tools.map((tool) => [tool.name, tool]));
}
