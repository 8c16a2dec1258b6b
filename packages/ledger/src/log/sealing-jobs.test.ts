import { describe, expect, it } from 'vitest';
import { SEALING_JOBS_MAX, type SealingJob, SealingJobs } from './sealing-jobs.ts';

const JOB: SealingJob = {
  place: 3,
  count: 4_096,
  length: 2_000_000,
  size: 2 ** 40 + 1,
  syncs: true,
  continues: false,
  news: 2,
};

describe('SealingJobs', () => {
  it('gives the thread what was submitted, in order, whatever came before', () => {
    const jobs = new SealingJobs();
    const thread = new SealingJobs(jobs.memory);
    for (let number = 1; number <= 5 * SEALING_JOBS_MAX; number += 1) {
      const job = { ...JOB, count: number, syncs: number % 2 === 0, continues: number % 3 === 0 };
      expect(jobs.submit(job)).toBe(number);
      expect(jobs.isFinished(number)).toBe(false);
      expect(thread.next(number)).toEqual(job);
      thread.finish(number);
      expect(jobs.isFinished(number)).toBe(true);
      expect(jobs.isFinished(number + 1)).toBe(false);
    }
  });

  it('is ready from when the thread has started until it has failed', async () => {
    const jobs = new SealingJobs();
    const thread = new SealingJobs(jobs.memory);
    expect(jobs.isReady).toBe(false);
    thread.started();
    expect(jobs.isReady).toBe(true);
    const number = jobs.submit(JOB);
    const changed = jobs.changed(number);
    thread.fail();
    await changed;
    expect(jobs).toMatchObject({ isReady: false, hasFailed: true });
    expect(jobs.isFinished(number)).toBe(false);
  });

  it('tells whoever waits for a job that it is finished', async () => {
    const jobs = new SealingJobs();
    const thread = new SealingJobs(jobs.memory);
    const number = jobs.submit(JOB);
    const changed = jobs.changed(number);
    thread.finish(number);
    await changed;
    expect(jobs.isFinished(number)).toBe(true);
    await jobs.changed(number);
  });

  it('gives the thread no job once it is to stop', () => {
    const jobs = new SealingJobs();
    const thread = new SealingJobs(jobs.memory);
    jobs.stop();
    expect(thread.next(1)).toBeNull();
  });
});
