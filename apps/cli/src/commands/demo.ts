import type { Command } from 'commander';
import { DemoAgent } from '../demo/agent.ts';
import { Narrator } from '../demo/narrator.ts';
import { makeScratch } from '../demo/scratch.ts';
import { tour } from '../demo/tour.ts';
import { action } from '../exit.ts';
import { openRuntime } from '../runtime.ts';
import { Relays, startControl, startHttp } from '../serving.ts';

/** How long a step stands before the next one, in milliseconds: about a minute for the whole tour. */
const PAUSE_MS = 5000;

/** `praxis demo`: the whole story in about a minute, in a scratch directory, with nothing faked. */
export function registerDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('a tour in a scratch directory: drift, a fix, an approval, attacks, proof')
    .option('--fast', 'without pauses')
    .option('--keep', 'leave the scratch directory')
    .action(action(run));
}

async function run(options: { fast?: boolean; keep?: boolean }): Promise<void> {
  const scratch = await makeScratch();
  const tell = new Narrator((text) => process.stdout.write(text), options.fast ? 0 : PAUSE_MS);
  console.log(`praxis demo, in ${scratch.path}`);
  try {
    const runtime = await openRuntime(scratch.config, { log: () => undefined });
    const control = await startControl(runtime, new Relays());
    const http = await startHttp(runtime, { host: '127.0.0.1', port: 0, token: scratch.httpToken });
    try {
      const agent = new DemoAgent(http.url, scratch.httpToken);
      await agent.connect();
      await tour({ scratch, runtime, agent, tell, controlPath: control.path });
    } finally {
      await http.close();
      await control.close();
      await runtime.close();
    }
  } finally {
    if (options.keep) console.log(`\nkept: ${scratch.path}`);
    else scratch.remove();
  }
  console.log('\nThat was praxis. Next: npm start.');
}
