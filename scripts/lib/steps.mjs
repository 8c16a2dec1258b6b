// Prints a heading and a duration for each step of a script, and remembers what failed.

/** Seconds with one decimal, as the headings print it. */
function seconds(startedMs) {
  return `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
}

/** Runs named steps one after the other; a step resolves with an exit code, 0 for success. */
export class Steps {
  #failed = [];
  #count = 0;
  #startedMs = performance.now();

  /** Runs one step; a failure is remembered and the next step still runs. Returns whether it passed. */
  async step(name, action) {
    process.stdout.write(`\n── ${name}\n`);
    const startedMs = performance.now();
    this.#count += 1;
    let code;
    try {
      code = await action();
    } catch (error) {
      process.stderr.write(`${error?.stack ?? error}\n`);
      code = 1;
    }
    if (code !== 0) this.#failed.push(name);
    process.stdout.write(`   ${code === 0 ? 'ok' : `FAILED (${code})`}: ${name}, ${seconds(startedMs)}\n`);
    return code === 0;
  }

  /** Prints the summary and sets the exit code of the process. */
  finish(title) {
    const failed = this.#failed.length;
    const verdict = failed === 0 ? 'ok' : `FAILED: ${this.#failed.join(', ')}`;
    process.stdout.write(`\n${title}: ${this.#count} steps, ${seconds(this.#startedMs)}, ${verdict}\n`);
    if (failed > 0) process.exitCode = 1;
  }
}
